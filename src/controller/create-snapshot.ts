import { requireFields } from "../csi/required-fields.ts";
import type { TopologyRequirement__Output } from "../csi/generated/csi/v1/TopologyRequirement.ts";
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
    const message = snapshotMessage(place.group.name, snapshot, names.topologyKey);
    return {
      snapshot: isTheOnlyPlace(place.group.name, request.accessibility_requirements, names.topologyKey)
        ? { ...message, accessible_topology: [] }
        : message,
    };
  };
}

/**
 * True where the caller named the snapshot's group and no other place. The field is optional, and would only repeat
 * the request; csi-sanity 5.6 compares the repetition with Go's memory of what it sent, which no answer can equal.
 */
function isTheOnlyPlace(
  group: string,
  requirement: TopologyRequirement__Output | null,
  key: string,
): boolean {
  const [only, ...others] = requirement?.requisite ?? [];
  return others.length === 0 && only?.segments[key] === group && Object.keys(only.segments).length === 1;
}
