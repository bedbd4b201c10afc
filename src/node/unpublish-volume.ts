import { requireFields } from "../csi/required-fields.ts";
import type { NodeRpcs } from "../csi/rpc.ts";
import { StatusError } from "../kit/errors.ts";
import { exclusive } from "./exclusive.ts";
import type { NodeParts } from "./parts.ts";
import { readPath, readVolumeId } from "./request.ts";

/** Takes a volume away from a pod's path, and the path with it. */
export function unpublishVolume(parts: NodeParts): NodeRpcs["NodeUnpublishVolume"] {
  return async (request, call) => {
    requireFields(request, "volume_id", "target_path");
    const volumeId = readVolumeId(request.volume_id);
    const path = readPath("target_path", request.target_path);
    await exclusive(parts, "NodeUnpublishVolume", volumeId, call, async () => {
      const state = await parts.guest.stateOf(path);
      if (state.kind === "mounted") {
        // A disk that vanished proves nothing any more, and must still be let go.
        if (state.volumeId !== undefined && state.volumeId !== volumeId) {
          throw new StatusError(
            "FAILED_PRECONDITION",
            `${path} has volume ${state.volumeId} mounted, not ${volumeId}`,
          );
        }
        await parts.guest.unmount(path);
      }
      await parts.guest.removeMountPoint(path);
    });
    return {};
  };
}
