import { decodePublishContext } from "../agent-client/disk-address.ts";
import type { FormatOptions } from "../csi/format-options.ts";
import { requireFields } from "../csi/required-fields.ts";
import type { NodeRpcs } from "../csi/rpc.ts";
import {
  DEFAULT_FILE_SYSTEM,
  readCapability,
  fileSystems,
  isFileSystem,
  type FileSystem,
  type VolumeUse,
} from "../csi/volume-capability.ts";
import { decodeVolumeContext, type VolumeContext } from "../csi/volume-context.ts";
import { StatusError } from "../kit/errors.ts";
import { exclusive } from "./exclusive.ts";
import type { Disk, Guest } from "./guest.ts";
import type { NodeParts } from "./parts.ts";
import { readMountFlags, readPath, readVolumeId } from "./request.ts";

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
  const fsType = await ensureFileSystem(guest, disk, wanted, context.format);
  await guest.mountDisk(disk, fsType, path, options);
  if (!readOnly && (await guest.isSmallerThanDisk(disk, fsType))) {
    await growStaged(guest, disk, fsType, path, options);
  }
}

/** True when this volume is mounted here already. @throws StatusError for anything else here */
async function isStaged(
  guest: Guest,
  disk: Disk,
  path: string,
  wanted: FileSystem | undefined,
  readOnly: boolean,
): Promise<boolean> {
  const state = await guest.stateOf(path, disk.volumeId);
  switch (state.kind) {
    case "absent":
    case "empty directory":
      return false;
    case "mounted":
      if (!state.isVolume) {
        throw new StatusError(
          "FAILED_PRECONDITION",
          `${path} has ${state.device} mounted, which is another volume`,
        );
      }
      if (
        state.access === "mount" &&
        state.readOnly === readOnly &&
        state.fsType === (wanted ?? state.fsType)
      )
        return true;
      throw new StatusError(
        "ALREADY_EXISTS",
        `volume ${disk.volumeId} is staged on ${path} in another way: ${state.readOnly ? "read-only" : "writable"}, with ${state.fsType}`,
      );
    case "empty file":
      throw new StatusError("FAILED_PRECONDITION", `${path} is a file, not a directory`);
    case "occupied":
      throw new StatusError(
        "FAILED_PRECONDITION",
        `${path} ${state.what}; a mount would hide it: move it away`,
      );
  }
}

/** The file system on the disk, made now when the disk is proven blank. */
async function ensureFileSystem(
  guest: Guest,
  disk: Disk,
  wanted: FileSystem | undefined,
  format: FormatOptions,
): Promise<FileSystem> {
  const content = await guest.contentOf(disk);
  switch (content.kind) {
    case "file system":
      if (content.fsType === wanted) return wanted;
      if (wanted === undefined && isFileSystem(content.fsType)) return content.fsType;
      throw new StatusError(
        "FAILED_PRECONDITION",
        `volume ${disk.volumeId} holds ${content.fsType}, not ${wanted ?? fileSystems.join(", ")}: it was not touched`,
      );
    case "unknown":
      throw new StatusError(
        "FAILED_PRECONDITION",
        `volume ${disk.volumeId} holds ${content.what}: it was neither mounted nor formatted`,
      );
    case "blank": {
      if (disk.readOnly) {
        throw new StatusError(
          "FAILED_PRECONDITION",
          `volume ${disk.volumeId} is blank and attached read-only: publish it writable once, so that it can be formatted`,
        );
      }
      const fsType = wanted ?? DEFAULT_FILE_SYSTEM;
      await guest.format(disk, fsType, format);
      return fsType;
    }
  }
}

/** Grows what a restore or an expansion left smaller than its disk. */
async function growStaged(
  guest: Guest,
  disk: Disk,
  fsType: FileSystem,
  path: string,
  options: readonly string[],
): Promise<void> {
  try {
    await guest.growMounted(path);
  } catch (error) {
    if (!(error instanceof StatusError && error.code === "FAILED_PRECONDITION")) throw error;
    // Nobody uses the mount yet, so it can step aside.
    await guest.unmount(path);
    await guest.growUnmounted(disk);
    await guest.mountDisk(disk, fsType, path, options);
  }
}
