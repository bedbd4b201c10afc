import { requireFields } from "../csi/required-fields.ts";
import type { NodeRpcs } from "../csi/rpc.ts";
import { StatusError } from "../kit/errors.ts";
import { exclusive } from "./exclusive.ts";
import type { NodeParts } from "./parts.ts";
import { readPath, readVolumeId } from "./request.ts";

/** Unmounts a staged volume. The directory stays: it is the orchestrator's. */
export function unstageVolume(parts: NodeParts): NodeRpcs["NodeUnstageVolume"] {
  return async (request, call) => {
    requireFields(request, "volume_id", "staging_target_path");
    const volumeId = readVolumeId(request.volume_id);
    const path = readPath("staging_target_path", request.staging_target_path);
    await exclusive(parts, "NodeUnstageVolume", volumeId, call, async () => {
      const state = await parts.guest.stateOf(path);
      if (state.kind !== "mounted") return;
      // A disk that vanished proves nothing any more, and must still be let go.
      if (state.volumeId !== undefined && state.volumeId !== volumeId) {
        throw new StatusError(
          "FAILED_PRECONDITION",
          `${path} has volume ${state.volumeId} mounted, not ${volumeId}`,
        );
      }
      await parts.guest.unmount(path);
    });
    return {};
  };
}
