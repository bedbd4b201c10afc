import { requireFields } from "../csi/required-fields.ts";
import type { ControllerRpcs } from "../csi/rpc.ts";
import { StatusError } from "../kit/errors.ts";
import { existingVolume } from "./existing-volume.ts";
import { checkName } from "./names.ts";
import type { ControllerParts } from "./parts.ts";
import { snapshotMessage } from "./snapshot-answer.ts";

/** Put there by the snapshotter for drivers that want them. */
const FROM_SNAPSHOTTER = /^csi\.storage\.k8s\.io\/volumesnapshot(content)?\/[a-z]+$/;

/** Cuts a volume's content. A cut is whole when it is told: none has to be waited for. Idempotent by name. */
export function createSnapshot({ groups }: ControllerParts): ControllerRpcs["CreateSnapshot"] {
  return async (request, call) => {
    requireFields(request, "source_volume_id", "name");
    checkName(request.name);
    refuseParameters(request.parameters);
    const place = await groups.locate(request.source_volume_id, call);
    await existingVolume(place, call);
    const snapshot = await place.group.agent.createSnapshot(request.name, place.id, {}, call);
    return { snapshot: snapshotMessage(place.group.name, snapshot) };
  };
}

function refuseParameters(parameters: Readonly<Record<string, string>>): void {
  const unknown = Object.keys(parameters).find((name) => !FROM_SNAPSHOTTER.test(name));
  if (unknown === undefined) return;
  throw new StatusError(
    "INVALID_ARGUMENT",
    `parameter ${JSON.stringify(unknown.slice(0, 128))} is not known; snapshots have none`,
  );
}
