import { requireFields } from "../csi/required-fields.ts";
import type { ControllerRpcs } from "../csi/rpc.ts";
import type { ControllerParts } from "./parts.ts";
import { snapshotMessage } from "./snapshot-answer.ts";
import { existingSnapshot } from "./snapshot-place.ts";

/** One snapshot. */
export function getSnapshot({ groups, names }: ControllerParts): ControllerRpcs["GetSnapshot"] {
  return async (request, call) => {
    requireFields(request, "snapshot_id");
    const { place, snapshot } = await existingSnapshot(groups, request.snapshot_id, call);
    return { snapshot: snapshotMessage(place.group.name, snapshot, names.topologyKey) };
  };
}
