import { requireFields } from "../csi/required-fields.ts";
import type { ControllerRpcs } from "../csi/rpc.ts";
import { StatusError } from "../kit/errors.ts";
import { readMutable } from "./mutable-parameters.ts";
import type { ControllerParts } from "./parts.ts";

/** Changes a volume's labels and attributes; the agent knows which there are, and refuses others by name. */
export function modifyVolume({ groups }: ControllerParts): ControllerRpcs["ControllerModifyVolume"] {
  return async (request, call) => {
    requireFields(request, "volume_id");
    if (Object.keys(request.mutable_parameters).length === 0) {
      throw new StatusError("INVALID_ARGUMENT", "mutable_parameters are missing");
    }
    const change = readMutable(request.mutable_parameters);
    const place = await groups.locate(request.volume_id, call);
    await place.group.agent.modifyVolume(place.id, change, call);
    return {};
  };
}
