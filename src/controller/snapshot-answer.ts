import type { SnapshotAnswer } from "../agent-client/wire.ts";
import type { Snapshot } from "../csi/generated/csi/v1/Snapshot.ts";
import { formatHandle } from "../csi/handle.ts";

/**
 * A snapshot of a group as CSI has it. Its source is unknown, and then empty, when its record was lost. It can be
 * reached from where its group is.
 */
export function snapshotMessage(group: string, snapshot: SnapshotAnswer, topologyKey: string): Snapshot {
  const { id, size, volume, created_at, ready_to_use, group: groupId } = snapshot;
  return {
    snapshot_id: formatHandle(group, id),
    source_volume_id: volume === null ? "" : formatHandle(group, volume),
    size_bytes: size,
    creation_time: timestampOf(created_at),
    ready_to_use,
    accessible_topology: [{ segments: { [topologyKey]: group } }],
    group_snapshot_id: groupId === null ? "" : formatHandle(group, groupId),
  };
}

/** RFC 3339 text as protobuf's Timestamp. */
export function timestampOf(time: string): { seconds: number; nanos: number } {
  const milliseconds = Date.parse(time);
  const seconds = Math.floor(milliseconds / 1000);
  return { seconds, nanos: (milliseconds - seconds * 1000) * 1_000_000 };
}
