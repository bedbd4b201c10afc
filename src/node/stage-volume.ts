import { decodePublishContext } from "../agent-client/disk-address.ts";
import { requireFields } from "../csi/required-fields.ts";
import type { NodeRpcs } from "../csi/rpc.ts";
import { readCapability, type FileSystem, type VolumeUse } from "../csi/volume-capability.ts";
import { decodeVolumeContext, type VolumeContext } from "../csi/volume-context.ts";
import { readPassphrase } from "./encryption.ts";
import { ensureFileSystem, ensureInside } from "./ensure-file-system.ts";
import { exclusive } from "./exclusive.ts";
import { growInUse, growStaged } from "./grow-staged.ts";
import type { Disk, Guest, PathState } from "./guest.ts";
import { clearOfLost } from "./lost-disk.ts";
import type { NodeParts } from "./parts.ts";
import { readMountFlags, readPath, readVolumeId } from "./request.ts";
import { labelIn } from "./selinux-label.ts";
import { isStaged, requireLabel } from "./staged-here.ts";
import { unlockDisk } from "./unlock-disk.ts";

type MountUse = Extract<VolumeUse, { access: "mount" }>;

/** Where a volume is to be staged, and what is there. */
interface Place {
  readonly path: string;
  readonly state: PathState;
}

/** Sizes of the disks to which the file systems staged on paths were grown, bytes: a repeated call need not look again. */
type GrownTo = Map<string, bigint>;

/**
 * Proves the disk, unlocks it when it is encrypted, gives it a file system when it is blank, and mounts it. A raw
 * block volume is only proven and unlocked.
 */
export function stageVolume(parts: NodeParts): NodeRpcs["NodeStageVolume"] {
  const grown: GrownTo = new Map();
  return async (request, call) => {
    requireFields(request, "volume_id", "staging_target_path", "volume_capability");
    const volumeId = readVolumeId(request.volume_id);
    const path = readPath(parts.guest.paths, "staging_target_path", request.staging_target_path);
    const use = readCapability(request.volume_capability);
    const address = decodePublishContext(request.publish_context);
    const context = decodeVolumeContext(request.volume_context);
    parts.guest.requireUse(use.access === "mount" ? { ...use, fsType: use.fsType ?? context.fsType } : use);
    const passphrase = readPassphrase(context, request.secrets);
    await exclusive(parts, "NodeStageVolume", volumeId, call, async () => {
      // The path is looked at meanwhile. What is there counts once the disk is proven.
      const seen = use.access === "mount" ? parts.guest.stateOf(path, volumeId) : undefined;
      seen?.catch(() => undefined);
      const disk = await parts.guest.findDisk(address, volumeId, call);
      try {
        const state = await seen;
        if (use.access === "mount" && state !== undefined) {
          await stageMount(parts.guest, disk, { path, state }, use, context, passphrase, grown);
        } else if (passphrase !== undefined) await stageBlock(parts.guest, disk, passphrase);
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
  { path, state: seen }: Place,
  use: MountUse,
  context: VolumeContext,
  passphrase: string | undefined,
  grown: GrownTo,
): Promise<void> {
  const wanted = use.fsType ?? context.fsType;
  const readOnly = use.readOnlyMode || disk.readOnly;
  const flags = readMountFlags(use.mountFlags);
  const options = readOnly ? [...flags, "ro"] : flags;
  const seLinuxLabel = labelIn(flags);
  const how = { fsType: wanted, readOnly: options.includes("ro"), seLinuxLabel };
  const state = await clearOfLost(guest, disk, path, seen);
  if (isStaged(disk, path, state, how)) {
    if (!how.readOnly && grown.get(path) !== disk.size) {
      await growInUse(guest, path);
      grown.set(path, disk.size);
    }
    return;
  }
  await guest.wake(disk, how.readOnly);
  grown.delete(path);
  const mount = async (plain: Disk, fsType: FileSystem) => {
    await guest.mountDisk(plain, fsType, path, options);
    try {
      await requireLabel(guest, disk, path, seLinuxLabel);
      if (how.readOnly) return;
      await growStaged(guest, plain, fsType, path, options);
    } catch (error) {
      // Kubelet does not unstage what it was told has failed, and the host would pull the disk out from under the mount.
      await guest.unmount(path).catch(() => undefined);
      throw error;
    }
    grown.set(path, disk.size);
  };
  if (passphrase === undefined) {
    await mount(disk, await ensureFileSystem(guest, disk, wanted, context.format, readOnly));
    return;
  }
  try {
    const plain = await unlockDisk(guest, disk, passphrase);
    await mount(plain, await ensureInside(guest, disk, plain, wanted, context.format, readOnly));
  } catch (error) {
    // Nothing stays unlocked that isn't staged; what is mounted elsewhere is left.
    await guest.encryption.lock(disk.volumeId).catch(() => undefined);
    throw error;
  }
}

/** A raw block volume needs no file system: it counts as used once it is unlocked. */
async function stageBlock(guest: Guest, disk: Disk, passphrase: string): Promise<void> {
  const { neverUsed } = await unlockDisk(guest, disk, passphrase);
  if (neverUsed && !disk.readOnly) await guest.encryption.markUsed(disk);
}
