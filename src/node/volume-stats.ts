import { requireFields } from "../csi/required-fields.ts";
import type { VolumeUsage } from "../csi/generated/csi/v1/VolumeUsage.ts";
import type { NodeRpcs } from "../csi/rpc.ts";
import { volumeCondition } from "../csi/volume-condition.ts";
import type { Guest, HealthSign, Usage } from "./guest.ts";
import { publishedHere } from "./published-here.ts";
import type { NodeParts } from "./parts.ts";
import { readVolumeId } from "./request.ts";

/**
 * Bytes and inodes of a mounted volume, the size alone of a raw block volume, and what is wrong with it. One that is too
 * sick to say how full it is has no usage: its condition tells why. Takes no lock.
 */
export function volumeStats({ guest }: NodeParts): NodeRpcs["NodeGetVolumeStats"] {
  return async (request) => {
    requireFields(request, "volume_id", "volume_path");
    const volumeId = readVolumeId(request.volume_id);
    const path = guest.paths.canonical(request.volume_path);
    const [usage, signs] = await Promise.all([
      usageOf(guest, volumeId, request.volume_path).catch((error: unknown) => ({ error })),
      path === undefined ? [] : guest.signsAt(path, volumeId),
    ]);
    if ("error" in usage && !signs.some(isOfVolume)) throw usage.error;
    return {
      usage: "error" in usage ? [] : usage,
      volume_condition: volumeCondition(signs.map(({ message }) => message)),
    };
  };
}

/** True for what is wrong with a volume that is there. */
function isOfVolume({ kind }: HealthSign): boolean {
  return kind !== "not-mounted" && kind !== "other-disk";
}

async function usageOf(guest: Guest, volumeId: string, shown: string): Promise<VolumeUsage[]> {
  const { access, path } = await publishedHere(guest, volumeId, shown);
  if (access === "block") return [{ unit: "BYTES", total: String(await guest.deviceSize(path)) }];
  const { bytes, inodes } = await guest.usage(path);
  // btrfs counts no inodes.
  const counted = inodes.total > 0n ? [{ unit: "INODES" as const, ...asText(inodes) }] : [];
  return [{ unit: "BYTES", ...asText(bytes) }, ...counted];
}

function asText({ total, used, available }: Usage) {
  return { total: String(total), used: String(used), available: String(available) };
}
