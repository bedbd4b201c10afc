import { requireFields } from "../csi/required-fields.ts";
import type { NodeRpcs } from "../csi/rpc.ts";
import type { Usage } from "./guest.ts";
import { publishedHere } from "./published-here.ts";
import type { NodeParts } from "./parts.ts";
import { readVolumeId } from "./request.ts";

/** Bytes and inodes of a mounted volume; the size alone of a raw block volume. Takes no lock. */
export function volumeStats(parts: NodeParts): NodeRpcs["NodeGetVolumeStats"] {
  return async (request) => {
    requireFields(request, "volume_id", "volume_path");
    const volumeId = readVolumeId(request.volume_id);
    const path = request.volume_path;
    const { access } = await publishedHere(parts.guest, volumeId, path);
    if (access === "block") {
      return { usage: [{ unit: "BYTES", total: String(await parts.guest.deviceSize(path)) }] };
    }
    const { bytes, inodes } = await parts.guest.usage(path);
    // btrfs counts no inodes.
    const counted = inodes.total > 0n ? [{ unit: "INODES" as const, ...asText(inodes) }] : [];
    return { usage: [{ unit: "BYTES", ...asText(bytes) }, ...counted] };
  };
}

function asText({ total, used, available }: Usage) {
  return { total: String(total), used: String(used), available: String(available) };
}
