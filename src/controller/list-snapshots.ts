import type { SnapshotAnswer } from "../agent-client/wire.ts";
import type { _csi_v1_ListSnapshotsResponse_Entry as Entry } from "../csi/generated/csi/v1/ListSnapshotsResponse.ts";
import { parseHandle } from "../csi/handle.ts";
import type { ControllerRpcs, CsiCall } from "../csi/rpc.ts";
import { type GroupedList, listOverGroups, type Weighed, weightOf } from "./grouped-list.ts";
import { LastKnown } from "./last-known.ts";
import type { ControllerParts } from "./parts.ts";
import { snapshotMessage } from "./snapshot-answer.ts";
import { existingSnapshot } from "./snapshot-place.ts";
import { unlessGone } from "../kit/unless-gone.ts";

/** Snapshots: one, those of a volume, or all. What does not exist has none, which is no error. */
export function listSnapshots(parts: ControllerParts): ControllerRpcs["ListSnapshots"] {
  const { groups, names, lastKnownMs } = parts;
  const all = snapshotsOf(undefined, lastKnownMs, names.topologyKey);
  return async (request, call) => {
    const { snapshot_id, source_volume_id } = request;
    if (snapshot_id !== "") return await one(parts, snapshot_id, source_volume_id, call);
    if (source_volume_id === "") return await listOverGroups(request, groups.all(), all, call);
    const handle = parseHandle(source_volume_id);
    if (handle === undefined) return { entries: [] };
    const place = await unlessGone(groups.locateParsed(handle, call));
    return place === undefined
      ? { entries: [] }
      : await listOverGroups(
          request,
          [place.group],
          snapshotsOf(place.id, undefined, names.topologyKey),
          call,
        );
  };
}

async function one({ groups, names }: ControllerParts, snapshotId: string, sourceId: string, call: CsiCall) {
  const found = await unlessGone(existingSnapshot(groups, snapshotId, call));
  if (found === undefined) return { entries: [] };
  const snapshot = snapshotMessage(found.place.group.name, found.snapshot, names.topologyKey);
  return { entries: sourceId === "" || snapshot.source_volume_id === sourceId ? [{ snapshot }] : [] };
}

/** The list of a volume's snapshots, or of all. */
function snapshotsOf(
  volumeId: string | undefined,
  lastKnownMs: number | undefined,
  topologyKey: string,
): GroupedList<Entry> {
  return {
    pageOf: async (agent, group, maxEntries, token, call) => {
      const { snapshots, next_token } = await agent.listSnapshots(volumeId, maxEntries, token, call);
      return {
        entries: snapshots.map((snapshot) => entryOf(snapshot, group, topologyKey)),
        next: next_token,
      };
    },
    lastKnown: lastKnownMs === undefined ? undefined : new LastKnown<Entry>(lastKnownMs),
  };
}

function entryOf(answer: SnapshotAnswer, group: string, topologyKey: string): Weighed<Entry> {
  const snapshot = snapshotMessage(group, answer, topologyKey);
  const { snapshot_id = "", source_volume_id = "", group_snapshot_id = "" } = snapshot;
  return {
    id: answer.id,
    entry: { snapshot },
    bytes: weightOf([snapshot_id, source_volume_id, group_snapshot_id, topologyKey, group]),
  };
}
