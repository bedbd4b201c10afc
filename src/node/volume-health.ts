import type { VolumeHealthErrorType } from "../csi/generated/csi/v1/VolumeHealthErrorType.ts";
import { requireFields } from "../csi/required-fields.ts";
import type { NodeRpcs } from "../csi/rpc.ts";
import type { Guest, HealthSign } from "./guest.ts";
import type { NodeParts } from "./parts.ts";
import { readPath, readVolumeId } from "./request.ts";

/**
 * What a sign means to who has a pod on the volume; docs/reference/health.md tells causes and cures. The node never says
 * DATA_LOSS: only the host sees the file.
 */
export const volumeMeanings: Readonly<
  Record<HealthSign["kind"], readonly [VolumeHealthErrorType, reason: string]>
> = {
  "not-mounted": ["INACCESSIBLE", "NotMounted"],
  "other-disk": ["INACCESSIBLE", "OtherDiskMounted"],
  "disk-gone": ["INACCESSIBLE", "DiskGone"],
  "disk-offline": ["INACCESSIBLE", "DiskOffline"],
  "disk-cut-off": ["INACCESSIBLE", "DiskCutOff"],
  hangs: ["INACCESSIBLE", "FileSystemHangs"],
  fails: ["INACCESSIBLE", "FileSystemFails"],
  "disk-errors": ["DEGRADED", "DiskErrors"],
  "read-only": ["DEGRADED", "FileSystemReadOnly"],
  errors: ["DEGRADED", "FileSystemErrors"],
};

/** What is wrong with a volume as this node sees it; nothing for a sound one. Takes no lock. */
export function volumeHealth({ guest }: NodeParts): NodeRpcs["NodeGetVolumeHealth"] {
  return async (request) => {
    requireFields(request, "volume_id");
    const volumeId = readVolumeId(request.volume_id);
    const [staging, publish] = (["staging_target_path", "volume_publish_path"] as const).map((field) =>
      request[field] === "" ? undefined : readPath(guest.paths, field, request[field]),
    );
    // Of a raw block volume nothing is mounted where it is staged.
    const isBlock = publish !== undefined && (await showsDevice(guest, publish, volumeId));
    const paths = [isBlock ? undefined : staging, publish].filter((path) => path !== undefined);
    const found = await Promise.all(paths.map((path) => guest.signsAt(path, volumeId)));
    // One entry for each reason, of whichever path showed it first.
    const byReason = new Map<string, { status: VolumeHealthErrorType; reason: string; message: string }>();
    for (const { kind, message } of found.flat()) {
      const [status, reason] = volumeMeanings[kind];
      if (!byReason.has(reason)) byReason.set(reason, { status, reason, message });
    }
    return { volume_health: { volume_id: request.volume_id, health_statuses: [...byReason.values()] } };
  };
}

async function showsDevice(guest: Guest, path: string, volumeId: string): Promise<boolean> {
  const state = await guest.stateOf(path, volumeId);
  return state.kind === "mounted" && state.access === "block";
}
