import { type VolumeUse, windowsFileSystems } from "../../csi/volume-capability.ts";
import { StatusError } from "../../kit/errors.ts";
import type { Disk, Guest, Usage } from "../guest.ts";
import type { PathRules } from "../path-rules.ts";
import { removeMountPoint } from "../remove-mount-point.ts";
import { requireFileSystem } from "../require-file-system.ts";
import { contentOf } from "./content.ts";
import { volumePathOf } from "./disks.ts";
import { findDisk } from "./find-disk.ts";
import { format } from "./format.ts";
import { grow, roomToGrow } from "./growth.ts";
import { checkBeforeMount, signsAt, storageSigns } from "./health-signs.ts";
import { letGo } from "./let-go.ts";
import { noEncryption } from "./no-encryption.ts";
import { canBeMountPoint, windowsPaths } from "./paths.ts";
import { lookAt, type Place } from "./places.ts";
import { stateOf } from "./path-state.ts";
import { PodLinks } from "./pod-links.ts";
import { linkDirectory, onlyPartition, showDisk, unshow } from "./show.ts";
import { shownElsewhere } from "./shown-elsewhere.ts";
import { wake } from "./wake.ts";
import type { WindowsWorkers } from "./windows-workers.ts";

/** Windows shows volumes in directories on NTFS and by links, and has no devices that a pod could be given. */
const NO_BLOCK =
  "raw block volumes are not for Windows nodes: containers there get directories and no disks; use volumeMode Filesystem";

/**
 * What Windows' storage does for the node plugin. Each step asks Windows anew and names the disk that it means, so that
 * nothing is decided from what was.
 * @param rules those of Windows; of the machine where the workers are simulated
 */
export function windowsGuest(
  workers: WindowsWorkers,
  kubeletDirectory: string,
  rules: PathRules = windowsPaths,
): Guest {
  const pods = new PodLinks(kubeletDirectory);
  const survey = () => workers.ask("survey", {});
  const placeAt = async (path: string): Promise<Place> => {
    const at = await lookAt(workers, rules, path);
    if (at.kind === "volume") return at.place;
    throw new StatusError("NOT_FOUND", `${path} shows no volume`);
  };
  const growDisk = async ({ volumeId }: Pick<Disk, "volumeId">): Promise<void> => {
    const { disk, partition } = await onlyPartition(workers, volumeId);
    await grow(workers, disk, partition);
  };
  return {
    paths: rules,
    fileSystems: windowsFileSystems,
    requireUse,
    findDisk: (address, volumeId, patience) => findDisk(workers, address, volumeId, patience),
    letGo: (volumeId) => letGo(workers, rules, volumeId, pods),
    wake: ({ volumeId }, readOnly) => wake(workers, volumeId, readOnly),
    contentOf: ({ volumeId }) => contentOf(workers, volumeId),
    format: ({ volumeId }, fsType, options) => format(workers, volumeId, fsType, options),
    formatUnlocked: () => Promise.reject(new Error("nothing is unlocked on Windows")),
    encryption: noEncryption,
    checkBeforeMount: async ({ volumeId }) => {
      const { partition } = await onlyPartition(workers, volumeId);
      await checkBeforeMount(workers, partition, volumeId);
    },
    stateOf: (path, volumeId) => stateOf(workers, rules, path, volumeId),
    shownElsewhere: async ({ volumeId }, known) =>
      await shownElsewhere(await survey(), rules, volumeId, known, pods),
    mountDisk: async ({ volumeId }, _fsType, path, options) => {
      requireShort(path);
      await showDisk(workers, rules, volumeId, path, options.includes("ro"));
    },
    bindDirectory: (source, target) => linkDirectory(source, target, pods),
    makeReadOnly: (path) =>
      Promise.reject(
        new StatusError(
          "FAILED_PRECONDITION",
          `${path} is writable, which Windows can't change for one path`,
        ),
      ),
    bindDevice: () => Promise.reject(new StatusError("INVALID_ARGUMENT", NO_BLOCK)),
    unmount: (path) => unshow(workers, rules, path, pods),
    removeMountPoint,
    growMounted: async (path) => {
      const { disk, partition } = await placeAt(path);
      await grow(workers, disk, partition);
      return BigInt(disk.size);
    },
    isSmallerThanDisk: async ({ volumeId }) => {
      const { disk, partition } = await onlyPartition(workers, volumeId);
      return (await roomToGrow(workers, disk, partition)) !== undefined;
    },
    growUnmounted: growDisk,
    deviceSize: async (path) => BigInt((await placeAt(path)).disk.size),
    currentDiskSize: async (path) => {
      await workers.change("rescan", {});
      return BigInt((await placeAt(path)).disk.size);
    },
    signsAt: (path, volumeId) => signsAt(workers, rules, path, volumeId),
    storageSigns: () => storageSigns(workers),
    usage: async (path) => {
      const { partition } = await placeAt(path);
      return await usageOf(workers, volumePathOf(partition), path);
    },
  };
}

/** @throws StatusError INVALID_ARGUMENT for what Windows has not */
function requireUse(use: VolumeUse): void {
  if (use.access === "block") throw new StatusError("INVALID_ARGUMENT", NO_BLOCK);
  requireFileSystem("Windows", windowsFileSystems, use);
  const flags = use.mountFlags.filter((flag) => flag !== "ro" && flag !== "rw");
  if (flags.length === 0) return;
  throw new StatusError(
    "INVALID_ARGUMENT",
    `Windows has no mount options, and the volume's class asks for ${flags.join(", ")}`,
  );
}

function requireShort(path: string): void {
  if (canBeMountPoint(path)) return;
  throw new StatusError(
    "INVALID_ARGUMENT",
    `Windows can't show a volume in ${path}: the path has ${path.length} characters; give kubelet a shorter --root-dir`,
  );
}

/** Windows counts no inodes. */
async function usageOf(
  workers: WindowsWorkers,
  volume: string | undefined,
  path: string,
): Promise<{ bytes: Usage; inodes: Usage }> {
  if (volume === undefined)
    throw new StatusError("UNAVAILABLE", `Windows makes no volume of what ${path} shows`);
  const { size, sizeRemaining } = await workers.ask("volume", { path: volume });
  const [total, available] = [BigInt(size), BigInt(sizeRemaining)];
  return {
    bytes: { total, used: total - available, available },
    inodes: { total: 0n, used: 0n, available: 0n },
  };
}
