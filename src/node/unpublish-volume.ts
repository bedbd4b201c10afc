import { requireFields } from "../csi/required-fields.ts";
import type { NodeRpcs } from "../csi/rpc.ts";
import { exclusive } from "./exclusive.ts";
import type { NodeParts } from "./parts.ts";
import type { Published } from "./publish-volume.ts";
import { readPath, readVolumeId } from "./request.ts";
import { unmountVolume } from "./unmount-volume.ts";

/** Takes a volume away from a pod's path, and the path with it. */
export function unpublishVolume(parts: NodeParts, published: Published): NodeRpcs["NodeUnpublishVolume"] {
  return async (request, call) => {
    requireFields(request, "volume_id", "target_path");
    const volumeId = readVolumeId(request.volume_id);
    const path = readPath(parts.guest.paths, "target_path", request.target_path);
    await exclusive(parts, "NodeUnpublishVolume", volumeId, call, async () => {
      await unmountVolume(parts.guest, volumeId, path);
      published.delete(path);
      await parts.guest.removeMountPoint(path);
    });
    return {};
  };
}
