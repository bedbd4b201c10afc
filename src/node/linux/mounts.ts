import { mkdir, open, realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { LinuxFileSystem } from "../../csi/volume-capability.ts";
import { blockDevicesAt } from "../../kit/block-device-at.ts";
import { isNotFound, StatusError } from "../../kit/errors.ts";
import { readMountTable, type Mount } from "../../kit/mount-table.ts";
import { failed } from "../../kit/run.ts";
import type { Disk } from "../guest.ts";
import { explainXfs } from "./check.ts";
import { mountArguments, mountFileSystem } from "./mount-call.ts";
import { runLimited, runLimitedAny } from "./tools.ts";

/** The topmost mount at a path, or undefined. */
export async function mountAt(path: string, mountInfo?: string): Promise<Mount | undefined> {
  const canonical = await canonicalPath(path);
  return (await readMountTable(mountInfo)).findLast(({ mountPoint }) => mountPoint === canonical);
}

/** Mounts a disk on a directory, which is made when it is absent, and reads back that it is there. */
export async function mountDisk(
  disk: Disk,
  fsType: LinuxFileSystem,
  path: string,
  options: readonly string[],
): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o750 });
  // A copy has its original's UUID, and xfs mounts no two of one: which disk this is was proven before.
  const all = fsType === "xfs" ? [...options, "nouuid"] : options;
  const request = { device: disk.device, path, fsType, options: all };
  const result = await mountFileSystem(request);
  if (result.exitCode !== 0) {
    const refusal = failed("mount", mountArguments(request), result);
    throw fsType === "xfs" ? await explainXfs(disk, refusal) : refusal;
  }
  try {
    const mount = await mountAt(path);
    if (mount === undefined || !(await isOf(mount, disk.device)))
      throw new StatusError("INTERNAL", `${disk.device} was mounted and is not on ${path}`);
  } catch (error) {
    await unmount(path).catch(() => undefined);
    throw error;
  }
}

/**
 * True when a mount shows the file system of a device. The kernel may tell it by another name, `/dev/dm-0` for a link in
 * `/dev/mapper`, and has an anonymous number for btrfs.
 */
async function isOf({ device: number, source }: Mount, device: string): Promise<boolean> {
  if (source === device) return true;
  const [own, mounted] = await blockDevicesAt([device, source]);
  return own !== undefined && (number === own || mounted === own);
}

export async function bindDirectory(source: string, target: string, readOnly: boolean): Promise<void> {
  await mkdir(target, { recursive: true, mode: 0o750 });
  await bind(source, target, readOnly);
}

/** A device is bound over an empty file. */
export async function bindDevice(device: string, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true, mode: 0o750 });
  await (await open(target, "a", 0o660)).close();
  await bind(device, target, false);
}

async function bind(source: string, target: string, readOnly: boolean): Promise<void> {
  await runLimited("mount", ["--bind", source, target]);
  if (!readOnly) return;
  try {
    await makeReadOnly(target);
  } catch (error) {
    await unmount(target);
    throw error;
  }
}

/** Makes the mount at a path read-only there, and reads back that it is; its file system stays as it is elsewhere. */
export async function makeReadOnly(target: string): Promise<void> {
  await runLimited("mount", ["-o", "remount,bind,ro", target]);
  const mount = await mountAt(target);
  if (mount?.options.includes("ro") !== true)
    throw new StatusError("INTERNAL", `${target} was made read-only and is not`);
}

/** Unmounts all that is stacked on a path. A mount in use is an error, never made lazy. */
export async function unmount(path: string): Promise<void> {
  for (let mount = await mountAt(path); mount !== undefined; mount = await mountAt(path)) {
    const result = await runLimitedAny("umount", [mount.mountPoint]);
    if (result.exitCode === 0) continue;
    const after = await mountAt(path);
    if (after?.id !== mount.id) continue;
    throw new StatusError("FAILED_PRECONDITION", failed("umount", [mount.mountPoint], result).message);
  }
}

/** The path as the kernel names it. The last component is not looked at: it may be a mount that hangs. */
export async function canonicalPath(path: string): Promise<string> {
  try {
    return join(await realpath(dirname(path)), basename(path));
  } catch (error) {
    if (isNotFound(error)) return path;
    throw error;
  }
}
