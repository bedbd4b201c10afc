import { basename } from "node:path";
import { StatusError } from "../../kit/errors.ts";
import type { Mount } from "../../kit/mount-table.ts";
import { type LinuxFileSystem, linuxFileSystems } from "../../csi/volume-capability.ts";
import type { Guest } from "../guest.ts";
import { unixPaths } from "../path-rules.ts";
import { removeMountPoint } from "../remove-mount-point.ts";
import { requireFileSystem } from "../require-file-system.ts";
import { deviceOf, diskUnder, sizeOf } from "./block-devices.ts";
import { checkBeforeMount } from "./check.ts";
import { contentOf } from "./content.ts";
import { FailedCommands } from "./failed-commands.ts";
import { format, formatUnlocked } from "./format.ts";
import { growMounted, growUnmounted, isSmaller } from "./growth.ts";
import { signsAt } from "./health-signs.ts";
import { letGo } from "./let-go.ts";
import { findLoopDisk } from "./loop-disk.ts";
import { luks } from "./luks.ts";
import { bindDevice, bindDirectory, makeReadOnly, mountAt, mountDisk, unmount } from "./mounts.ts";
import { stateOf } from "./path-state.ts";
import { askAnew } from "./scsi-commands.ts";
import { shownElsewhere } from "./shown-elsewhere.ts";
import { storageSigns } from "./storage-signs.ts";
import { mountInfo, type Roots, type ThisVm } from "./this-vm.ts";
import { UsageReader } from "./usage.ts";
import { findVmbusDisk } from "./vmbus-disk.ts";

/** What the kernel and the tools of this Linux VM do. What is mounted for pods lies below kubelet's directory. */
export function linuxGuest(machine: ThisVm, kubeletDirectory = "/var/lib/kubelet"): Guest {
  const { roots } = machine;
  const usage = new UsageReader();
  const failed = new FailedCommands(roots);
  const vm = failed.apartFromOwn(machine);
  return {
    paths: unixPaths,
    fileSystems: linuxFileSystems,
    requireUse: (use) => {
      requireFileSystem("Linux", linuxFileSystems, use);
    },
    // A disk that the kernel knows can be used.
    wake: () => Promise.resolve(),
    findDisk: async (address, volumeId, patience) => {
      if (address.kind === "loop") return await findLoopDisk(address, volumeId, vm);
      const disk = await findVmbusDisk(address, volumeId, vm, patience);
      // From here on what fails counts.
      failed.of(basename(disk.device), volumeId);
      return disk;
    },
    letGo: (volumeId) => letGo(volumeId, vm),
    contentOf,
    format,
    formatUnlocked,
    encryption: luks(roots),
    checkBeforeMount,
    stateOf: (path, volumeId) => stateOf(path, volumeId, vm),
    shownElsewhere: (disk, known) => shownElsewhere(disk, known, roots),
    mountDisk,
    bindDirectory,
    makeReadOnly,
    bindDevice: (disk, target) => bindDevice(disk.device, target),
    unmount,
    removeMountPoint,
    growMounted: async (path) => {
      const mount = await requireMount(path, roots);
      const size = await deviceSize(mount, roots);
      await growMounted(mount, size);
      return size;
    },
    isSmallerThanDisk: (disk, fsType: LinuxFileSystem) => isSmaller(disk.device, disk.size, fsType),
    growUnmounted,
    deviceSize: async (path) => await deviceSize(await requireMount(path, roots), roots),
    currentDiskSize: async (path) => await currentDiskSize(await requireMount(path, roots), vm),
    signsAt: (path, volumeId) => signsAt(path, volumeId, vm, usage, failed),
    storageSigns: () => storageSigns(kubeletDirectory, roots),
    usage: (path) => usage.usageOf(path),
  };
}

async function requireMount(path: string, roots: Roots): Promise<Mount> {
  const mount = await mountAt(path, mountInfo(roots));
  if (mount !== undefined) return mount;
  throw new StatusError("NOT_FOUND", `nothing is mounted on ${path}`);
}

async function deviceSize(mount: Mount, roots: Roots): Promise<bigint> {
  const device = await deviceOf(mount, roots);
  if (device !== undefined) return sizeOf(device.name, roots);
  throw new StatusError(
    "UNAVAILABLE",
    `${mount.source}, which is mounted on ${mount.mountPoint}, is no disk`,
  );
}

/** The kernel learns a SCSI disk's new size when it asks; a loop device has it at once. */
async function currentDiskSize(mount: Mount, vm: ThisVm): Promise<bigint> {
  const device = await deviceOf(mount, vm.roots);
  const disk = device === undefined ? undefined : diskUnder(device.name, vm.roots);
  if (disk === undefined) throw noDisk(mount);
  if (disk.startsWith("sd")) await askAnew(disk, vm);
  return sizeOf(disk, vm.roots);
}

function noDisk(mount: Mount): StatusError {
  return new StatusError(
    "UNAVAILABLE",
    `${mount.source}, which is mounted on ${mount.mountPoint}, is no disk`,
  );
}
