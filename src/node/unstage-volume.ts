import { requireFields } from "../csi/required-fields.ts";
import type { NodeRpcs } from "../csi/rpc.ts";
import { exclusive } from "./exclusive.ts";
import type { NodeParts } from "./parts.ts";
import { readPath, readVolumeId } from "./request.ts";
import { unmountVolume } from "./unmount-volume.ts";

/** Unmounts a staged volume and readies its disk for the detach. The directory stays: it is the orchestrator's. */
export function unstageVolume(parts: NodeParts): NodeRpcs["NodeUnstageVolume"] {
  return async (request, call) => {
    requireFields(request, "volume_id", "staging_target_path");
    const volumeId = readVolumeId(request.volume_id);
    const path = readPath(parts.guest.paths, "staging_target_path", request.staging_target_path);
    await exclusive(parts, "NodeUnstageVolume", volumeId, call, async () => {
      await unmountVolume(parts.guest, volumeId, path);
      await parts.guest.encryption.lock(volumeId);
      await parts.guest.letGo(volumeId);
    });
    return {};
  };
}
