import { parseHandle } from "../csi/handle.ts";
import { requireFields } from "../csi/required-fields.ts";
import type { ControllerRpcs } from "../csi/rpc.ts";
import { StatusError } from "../kit/errors.ts";
import type { ControllerParts } from "./parts.ts";

/** A volume that does not exist, or can't, is deleted already. */
export function deleteVolume({ groups }: ControllerParts): ControllerRpcs["DeleteVolume"] {
  return async (request, call) => {
    requireFields(request, "volume_id");
    const handle = parseHandle(request.volume_id);
    if (handle === undefined) return {};
    try {
      const { group, id } = await groups.locateParsed(handle, call);
      await group.agent.deleteVolume(id, call);
    } catch (error) {
      if (!(error instanceof StatusError && error.code === "NOT_FOUND")) throw error;
    }
    return {};
  };
}
