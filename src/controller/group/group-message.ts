import type { SnapshotGroupAnswer } from "../../agent-client/wire.ts";
import type { VolumeGroupSnapshot } from "../../csi/generated/csi/v1/VolumeGroupSnapshot.ts";
import { formatHandle } from "../../csi/handle.ts";
import { StatusError } from "../../kit/errors.ts";
import { snapshotMessage, timestampOf } from "../snapshot-answer.ts";

/** A group of snapshots as CSI has it. */
export function groupMessage(
  group: string,
  answer: SnapshotGroupAnswer,
  topologyKey: string,
): VolumeGroupSnapshot {
  return {
    group_snapshot_id: formatHandle(group, answer.id),
    snapshots: answer.snapshots.map((snapshot) => snapshotMessage(group, snapshot, topologyKey)),
    creation_time: timestampOf(answer.created_at),
    ready_to_use: answer.ready_to_use,
  };
}

/** @throws StatusError INVALID_ARGUMENT when the caller knows other snapshots in it; it may know of none. */
export function requireMembers(
  group: string,
  answer: SnapshotGroupAnswer,
  expected: readonly string[],
): void {
  if (expected.length === 0) return;
  const members = answer.snapshots.map(({ id }) => formatHandle(group, id));
  const same = members.length === expected.length && expected.every((id) => members.includes(id));
  if (same) return;
  throw new StatusError(
    "INVALID_ARGUMENT",
    `group snapshot ${formatHandle(group, answer.id)} has other snapshots: ${members.join(", ")}`,
  );
}
