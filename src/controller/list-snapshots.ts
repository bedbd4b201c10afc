import type { SnapshotAnswer } from "../agent-client/wire.ts";
import type { _csi_v1_ListSnapshotsResponse_Entry as Entry } from "../csi/generated/csi/v1/ListSnapshotsResponse.ts";
import { parseHandle } from "../csi/handle.ts";
import type { ControllerRpcs, CsiCall } from "../csi/rpc.ts";
import { listOverGroups, type ListRequest, type Weighed, weightOf } from "./grouped-list.ts";
import { Groups } from "./groups.ts";
import type { ControllerParts } from "./parts.ts";
import { snapshotMessage } from "./snapshot-answer.ts";
import { existingSnapshot } from "./snapshot-place.ts";
import { unlessGone } from "../kit/unless-gone.ts";

/** Snapshots: one, those of a volume, or all. What does not exist has none, which is no error. */
export function listSnapshots({ groups }: ControllerParts): ControllerRpcs["ListSnapshots"] {
  return async (request, call) => {
    const { snapshot_id, source_volume_id } = request;
    if (snapshot_id !== "") return await one(groups, snapshot_id, source_volume_id, call);
    if (source_volume_id === "") return await list(request, groups, undefined, call);
    const handle = parseHandle(source_volume_id);
    if (handle === undefined) return { entries: [] };
    const place = await unlessGone(groups.locateParsed(handle, call));
    return place === undefined
      ? { entries: [] }
      : await list(request, new Groups([place.group]), place.id, call);
  };
}

async function one(groups: Groups, snapshotId: string, sourceId: string, call: CsiCall) {
  const found = await unlessGone(existingSnapshot(groups, snapshotId, call));
  if (found === undefined) return { entries: [] };
  const snapshot = snapshotMessage(found.place.group.name, found.snapshot);
  return { entries: sourceId === "" || snapshot.source_volume_id === sourceId ? [{ snapshot }] : [] };
}

function list(request: ListRequest, groups: Groups, volumeId: string | undefined, call: CsiCall) {
  return listOverGroups(
    request,
    groups,
    async ({ name, agent }, maxEntries, token) => {
      const { snapshots, next_token } = await agent.listSnapshots(volumeId, maxEntries, token, call);
      return { entries: snapshots.map((snapshot) => entryOf(snapshot, name)), next: next_token };
    },
    call,
  );
}

function entryOf(answer: SnapshotAnswer, group: string): Weighed<Entry> {
  const snapshot = snapshotMessage(group, answer);
  const { snapshot_id = "", source_volume_id = "", group_snapshot_id = "" } = snapshot;
  return { entry: { snapshot }, bytes: weightOf([snapshot_id, source_volume_id, group_snapshot_id]) };
}
