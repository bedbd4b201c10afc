import { requireFields } from "../csi/required-fields.ts";
import type { ControllerRpcs } from "../csi/rpc.ts";
import { checkName } from "./names.ts";
import type { ControllerParts } from "./parts.ts";
import { snapshotMessage } from "./snapshot-answer.ts";
import { refuseSnapshotParameters } from "./snapshot-parameters.ts";
import { requireReachable } from "./topology.ts";

/** Cuts a volume's content. A cut is whole when it is told: none has to be waited for. Idempotent by name. */
export function createSnapshot({ groups, names }: ControllerParts): ControllerRpcs["CreateSnapshot"] {
  return async (request, call) => {
    requireFields(request, "source_volume_id", "name");
    checkName(request.name);
    refuseSnapshotParameters(request.parameters);
    const place = await groups.locate(request.source_volume_id, call);
    requireReachable(place.group.name, request.accessibility_requirements, names.topologyKey);
    const snapshot = await place.group.agent.createSnapshot(request.name, place.id, {}, call);
    return { snapshot: snapshotMessage(place.group.name, snapshot, names.topologyKey) };
  };
}
