import { decodePublishContext } from "../agent-client/disk-address.ts";
import { requireFields } from "../csi/required-fields.ts";
import type { NodeRpcs } from "../csi/rpc.ts";
import { readCapability, type VolumeUse } from "../csi/volume-capability.ts";
import { decodeVolumeContext, type VolumeContext } from "../csi/volume-context.ts";
import { ensureFileSystem } from "./ensure-file-system.ts";
import { exclusive } from "./exclusive.ts";
import { growStaged } from "./grow-staged.ts";
import type { Disk, Guest } from "./guest.ts";
import type { NodeParts } from "./parts.ts";
import { readMountFlags, readPath, readVolumeId } from "./request.ts";
import { isStaged } from "./staged-here.ts";

type MountUse = Extract<VolumeUse, { access: "mount" }>;

/** Proves the disk, gives it a file system when it is blank, and mounts it. A raw block volume is only proven. */
export function stageVolume(parts: NodeParts): NodeRpcs["NodeStageVolume"] {
  return async (request, call) => {
    requireFields(request, "volume_id", "staging_target_path", "volume_capability");
    const volumeId = readVolumeId(request.volume_id);
    const path = readPath("staging_target_path", request.staging_target_path);
    const use = readCapability(request.volume_capability);
    const address = decodePublishContext(request.publish_context);
    const context = decodeVolumeContext(request.volume_context);
    await exclusive(parts, "NodeStageVolume", volumeId, call, async () => {
      const disk = await parts.guest.findDisk(address, volumeId, call);
      try {
        if (use.access === "mount") await stageMount(parts.guest, disk, path, use, context);
      } finally {
        await disk.release();
      }
    });
    return {};
  };
}

async function stageMount(
  guest: Guest,
  disk: Disk,
  path: string,
  use: MountUse,
  context: VolumeContext,
): Promise<void> {
  const wanted = use.fsType ?? context.fsType;
  const readOnly = use.readOnlyMode || disk.readOnly;
  const flags = readMountFlags(use.mountFlags);
  const options = readOnly ? [...flags, "ro"] : flags;
  if (await isStaged(guest, disk, path, wanted, options.includes("ro"))) return;
  const fsType = await ensureFileSystem(guest, disk, wanted, context.format, readOnly);
  await guest.mountDisk(disk, fsType, path, options);
  if (!readOnly) await growStaged(guest, disk, fsType, path, options);
}
