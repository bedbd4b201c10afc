import { requireFields } from "../csi/required-fields.ts";
import type { ControllerRpcs } from "../csi/rpc.ts";
import { StatusError } from "../kit/errors.ts";
import type { ControllerParts } from "./parts.ts";

/** Changes a volume's attributes; the agent knows which there are, and refuses others by name. */
export function modifyVolume({ groups }: ControllerParts): ControllerRpcs["ControllerModifyVolume"] {
  return async (request, call) => {
    requireFields(request, "volume_id");
    const attributes = request.mutable_parameters;
    if (Object.keys(attributes).length === 0) {
      throw new StatusError("INVALID_ARGUMENT", "mutable_parameters are missing");
    }
    const place = await groups.locate(request.volume_id, call);
    await place.group.agent.modifyVolume(place.id, { attributes }, call);
    return {};
  };
}
