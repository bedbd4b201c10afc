import { requireFields } from "../csi/required-fields.ts";
import type { ControllerRpcs } from "../csi/rpc.ts";
import type { ControllerParts } from "./parts.ts";
import { snapshotPlace } from "./snapshot-place.ts";
import { unlessGone } from "../kit/unless-gone.ts";

/** A snapshot that does not exist, or can't, is deleted already. */
export function deleteSnapshot({ groups }: ControllerParts): ControllerRpcs["DeleteSnapshot"] {
  return async (request, call) => {
    requireFields(request, "snapshot_id");
    const place = await snapshotPlace(groups, request.snapshot_id, call);
    if (place !== undefined) await unlessGone(place.group.agent.deleteSnapshot(place.id, call));
    return {};
  };
}
