import { requireFields } from "../../csi/required-fields.ts";
import type { GroupControllerRpcs } from "../../csi/rpc.ts";
import { StatusError } from "../../kit/errors.ts";
import { checkName } from "../names.ts";
import type { ControllerParts } from "../parts.ts";
import { refuseSnapshotParameters } from "../snapshot-parameters.ts";
import { groupMessage } from "./group-message.ts";

/** Cuts several volumes at one instant, all or none. Idempotent by name. */
export function createGroupSnapshot({
  groups,
  names: { topologyKey },
}: ControllerParts): GroupControllerRpcs["CreateVolumeGroupSnapshot"] {
  return async (request, call) => {
    requireFields(request, "name", "source_volume_ids");
    checkName(request.name);
    refuseSnapshotParameters(request.parameters);
    const places = await Promise.all(request.source_volume_ids.map((handle) => groups.locate(handle, call)));
    const [first] = places;
    const names = [...new Set(places.map(({ group }) => group.name))];
    if (first === undefined || names.length > 1) {
      throw new StatusError(
        "INVALID_ARGUMENT",
        `volumes of different groups can't be cut at one instant: ${names.join(", ")}`,
      );
    }
    const ids = places.map(({ id }) => id);
    const made = await first.group.agent.createSnapshotGroup(request.name, ids, {}, call);
    return { group_snapshot: groupMessage(first.group.name, made, topologyKey) };
  };
}
