import { requireFields } from "../../csi/required-fields.ts";
import type { GroupControllerRpcs } from "../../csi/rpc.ts";
import { StatusError } from "../../kit/errors.ts";
import type { ControllerParts } from "../parts.ts";
import { snapshotPlace } from "../snapshot-place.ts";
import { groupMessage, requireMembers } from "./group-message.ts";

/** One group with its snapshots. */
export function getGroupSnapshot({
  groups,
  names,
}: ControllerParts): GroupControllerRpcs["GetVolumeGroupSnapshot"] {
  return async (request, call) => {
    requireFields(request, "group_snapshot_id");
    const { group_snapshot_id: handle, snapshot_ids } = request;
    const place = await snapshotPlace(groups, handle, call);
    const found = place && (await place.group.agent.getSnapshotGroup(place.id, call));
    if (place === undefined || found?.id !== place.id) {
      throw new StatusError(
        "NOT_FOUND",
        `no group snapshot has the id ${JSON.stringify(handle.slice(0, 128))}`,
      );
    }
    requireMembers(place.group.name, found, snapshot_ids);
    return { group_snapshot: groupMessage(place.group.name, found, names.topologyKey) };
  };
}
