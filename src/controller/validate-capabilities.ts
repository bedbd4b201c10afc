import { requireFields } from "../csi/required-fields.ts";
import type { ControllerRpcs } from "../csi/rpc.ts";
import { readCapabilities } from "../csi/volume-capability.ts";
import { StatusError } from "../kit/errors.ts";
import { existingVolume } from "./existing-volume.ts";
import { readMutable } from "./mutable-parameters.ts";
import type { ControllerParts } from "./parts.ts";
import { checkUses, readParameters } from "./volume-parameters.ts";

/** Confirms what a volume can do; what it can't is answered with a message, not with an error. */
export function validateCapabilities({
  groups,
}: ControllerParts): ControllerRpcs["ValidateVolumeCapabilities"] {
  return async (request, call) => {
    requireFields(request, "volume_id", "volume_capabilities");
    const capabilities = request.volume_capabilities;
    await existingVolume(await groups.locate(request.volume_id, call), call);
    try {
      checkUses(readParameters(request.parameters), readCapabilities(capabilities));
      readMutable(request.mutable_parameters);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      return { message: error.message };
    }
    return {
      confirmed: {
        volume_context: request.volume_context,
        volume_capabilities: capabilities,
        parameters: request.parameters,
        mutable_parameters: request.mutable_parameters,
      },
    };
  };
}
