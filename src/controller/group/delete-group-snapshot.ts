import { requireFields } from "../../csi/required-fields.ts";
import type { GroupControllerRpcs } from "../../csi/rpc.ts";
import type { ControllerParts } from "../parts.ts";
import { snapshotPlace } from "../snapshot-place.ts";
import { unlessGone } from "../../kit/unless-gone.ts";
import { requireMembers } from "./group-message.ts";

/** With its snapshots. A group that does not exist, or can't, is deleted already. */
export function deleteGroupSnapshot({
  groups,
}: ControllerParts): GroupControllerRpcs["DeleteVolumeGroupSnapshot"] {
  return async (request, call) => {
    requireFields(request, "group_snapshot_id");
    const place = await snapshotPlace(groups, request.group_snapshot_id, call);
    if (place === undefined) return {};
    const { agent, name } = place.group;
    const found = await unlessGone(agent.getSnapshotGroup(place.id, call));
    // The agent also finds groups by name: only the id counts here.
    if (found?.id !== place.id) return {};
    requireMembers(name, found, request.snapshot_ids);
    await agent.deleteSnapshotGroup(place.id, call);
    return {};
  };
}
