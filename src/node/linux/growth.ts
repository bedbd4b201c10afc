import { readFile } from "node:fs/promises";
import { linuxFileSystems, type LinuxFileSystem } from "../../csi/volume-capability.ts";
import { StatusError } from "../../kit/errors.ts";
import { readMountTable, type Mount } from "../../kit/mount-table.ts";
import type { Disk } from "../guest.ts";
import { mend } from "./check.ts";
import { fileSystemSize, UNUSABLE_TAIL } from "./superblock.ts";
import { runWriter } from "./tools.ts";

const CAP_SYS_RESOURCE = 24n;

export async function isSmaller(device: string, diskSize: bigint, fsType: LinuxFileSystem): Promise<boolean> {
  return (await fileSystemSize(device, fsType)) + UNUSABLE_TAIL[fsType] <= diskSize;
}

/** Grows a mounted file system to its disk. @throws StatusError FAILED_PRECONDITION when this process may not. */
export async function growMounted(mount: Mount, diskSize: bigint): Promise<void> {
  const fsType = linuxFileSystems.find((each) => each === mount.fsType);
  if (fsType === undefined) {
    throw new StatusError(
      "INVALID_ARGUMENT",
      `${mount.mountPoint} has ${mount.fsType}, which can't be grown`,
    );
  }
  if (!(await isSmaller(mount.source, diskSize, fsType))) return;
  switch (fsType) {
    case "xfs":
      await runWriter("xfs_growfs", ["-d", await writableMountPoint(mount)]);
      return;
    case "btrfs":
      await runWriter("btrfs", ["filesystem", "resize", "max", await writableMountPoint(mount)]);
      return;
    case "ext4":
      await requireResource(mount);
      await runWriter("resize2fs", [mount.source]);
  }
}

/** Where the file system can be changed: the path of a pod that only reads shows a staged mount that is writable. */
async function writableMountPoint(mount: Mount): Promise<string> {
  const mounts = await readMountTable();
  const writable = mounts.find(({ source, options }) => source === mount.source && !options.includes("ro"));
  return (writable ?? mount).mountPoint;
}

/** Grows an ext4 that is not mounted; resize2fs demands a check before. */
export async function growUnmounted(disk: Disk): Promise<void> {
  await mend(disk, ["-f"]);
  await runWriter("resize2fs", [disk.device]);
}

/** The kernel lets only a process with CAP_SYS_RESOURCE grow a mounted ext4, and some sandboxes withhold it. */
async function requireResource(mount: Mount): Promise<void> {
  if (await mayGrowMountedExt4()) return;
  throw new StatusError(
    "FAILED_PRECONDITION",
    `the ext4 on ${mount.mountPoint} can't grow while it is mounted: this process lacks CAP_SYS_RESOURCE; ` +
      "it grows when the volume is staged again, or give the node plugin that capability",
  );
}

/** True when this process has CAP_SYS_RESOURCE; see capabilities(7) and proc_pid_status(5). */
export async function mayGrowMountedExt4(statusFile = "/proc/self/status"): Promise<boolean> {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(await readFile(statusFile, "utf8"))?.[1];
  return ((BigInt(`0x${effective ?? "0"}`) >> CAP_SYS_RESOURCE) & 1n) === 1n;
}
