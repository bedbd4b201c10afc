import { requireFields } from "../csi/required-fields.ts";
import type { NodeRpcs } from "../csi/rpc.ts";
import { StatusError } from "../kit/errors.ts";
import { parseInt64 } from "../kit/sizes.ts";
import { PASSPHRASE } from "./encryption.ts";
import { exclusive } from "./exclusive.ts";
import type { NodeParts } from "./parts.ts";
import { publishedHere } from "./published-here.ts";
import { readVolumeId } from "./request.ts";

/** Lets what lies on a disk follow the disk's new size. On a raw block volume there is nothing to do but to look. */
export function expandVolume(parts: NodeParts): NodeRpcs["NodeExpandVolume"] {
  return async (request, call) => {
    requireFields(request, "volume_id", "volume_path");
    const volumeId = readVolumeId(request.volume_id);
    const required = parseInt64(request.capacity_range?.required_bytes ?? "0") ?? 0n;
    if (required < 0n) throw new StatusError("INVALID_ARGUMENT", "capacity_range.required_bytes is negative");
    return await exclusive(parts, "NodeExpandVolume", volumeId, call, async () => {
      const { access, path } = await publishedHere(parts.guest, volumeId, request.volume_path);
      const size = await parts.guest.currentDiskSize(path);
      if (size < required) {
        // Of FAILED_PRECONDITION kubelet makes "not while it is in use", and never asks again on this node.
        throw new StatusError(
          "UNAVAILABLE",
          `the disk of volume ${volumeId} has ${size} bytes, less than the ${required} asked for: the host has not grown it`,
        );
      }
      await parts.guest.encryption.grow(volumeId, request.secrets[PASSPHRASE]);
      if (access === "mount") await parts.guest.growMounted(path);
      return { capacity_bytes: String(size) };
    });
  };
}
