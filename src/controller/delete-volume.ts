import { parseHandle } from "../csi/handle.ts";
import { requireFields } from "../csi/required-fields.ts";
import type { ControllerRpcs } from "../csi/rpc.ts";
import type { ControllerParts } from "./parts.ts";
import { unlessGone } from "../kit/unless-gone.ts";

/** A volume that does not exist, or can't, is deleted already. */
export function deleteVolume({ groups }: ControllerParts): ControllerRpcs["DeleteVolume"] {
  return async (request, call) => {
    requireFields(request, "volume_id");
    const handle = parseHandle(request.volume_id);
    if (handle === undefined) return {};
    const place = await unlessGone(groups.locateParsed(handle, call));
    if (place !== undefined) await unlessGone(place.group.agent.deleteVolume(place.id, call));
    return {};
  };
}
