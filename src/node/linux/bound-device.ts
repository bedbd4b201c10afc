import { realpath, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { ifThere } from "../../kit/if-there.ts";
import { mountAbove, readMountTable, type Mount } from "../../kit/mount-table.ts";
import { mountInfo, type Roots } from "./this-vm.ts";

/** File systems in memory, which have the nodes of devices in them. */
const HOLD_NODES = ["devtmpfs", "tmpfs"];

/**
 * The number of a device that a mount shows as a raw block volume, as sysfs writes it; undefined for any other mount.
 * Only what lies among the machine's nodes is looked at: any other file may be in a file system that hangs.
 */
export async function boundDevice(mount: Mount, roots: Roots): Promise<string | undefined> {
  // The whole of a file system is a directory.
  if (mount.root === "/" || !(await liesAmongNodes(mount, roots))) return undefined;
  const bound = await ifThere(stat(mount.mountPoint, { bigint: true }));
  return bound?.isBlockDevice() === true ? numberText(bound.rdev) : undefined;
}

/** A device number as sysfs and mountinfo write it; see makedev(3). */
export function numberText(rdev: bigint): string {
  const major = ((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xfffff000n);
  const minor = (rdev & 0xffn) | ((rdev >> 12n) & 0xffffff00n);
  return `${major}:${minor}`;
}

async function liesAmongNodes({ fsType, device, root }: Mount, roots: Roots): Promise<boolean> {
  if (HOLD_NODES.includes(fsType)) return true;
  // Where /dev is a directory of an ordinary file system, its nodes are files of that.
  const dev = await realpath(roots.dev).catch(() => roots.dev);
  const below = mountAbove(dev, await readMountTable(mountInfo(roots)));
  if (below?.device !== device) return false;
  return root.startsWith(`${join(below.root, relative(below.mountPoint, dev))}/`);
}
