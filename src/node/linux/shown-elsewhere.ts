import { basename, join, relative } from "node:path";
import { readMountTable, type Mount } from "../../kit/mount-table.ts";
import type { Disk } from "../guest.ts";
import { deviceOf, diskUnder } from "./block-devices.ts";
import { canonicalPath } from "./mounts.ts";
import { mountInfo, type Roots } from "./this-vm.ts";

/**
 * Where a disk is shown, apart from paths that are known: mounts of its file system or of a folder of it, and its device
 * bound to a path; behind a device mapper, too. Mounts of other namespaces are not seen.
 */
export async function shownElsewhere(disk: Disk, known: readonly string[], roots: Roots): Promise<string[]> {
  const table = await readMountTable(mountInfo(roots));
  const knownPaths = await Promise.all(known.map((path) => canonicalPath(path)));
  const knownSpots = new Set(
    table.filter(({ mountPoint }) => knownPaths.includes(mountPoint)).map((mount) => spotOf(mount, table)),
  );
  const others: string[] = [];
  for (const mount of table) {
    const name = (await deviceOf(mount, roots))?.name;
    const isDisk = name !== undefined && diskUnder(name, roots) === basename(disk.device);
    if (isDisk && !knownSpots.has(spotOf(mount, table))) others.push(mount.mountPoint);
  }
  return others;
}

/**
 * The directory or file that a mount lies on, as its file system has it. A mount that propagation shows under a second
 * path, as where kubelet's directory is bound to another one, lies on the same one.
 */
function spotOf({ parent, mountPoint }: Mount, table: readonly Mount[]): string {
  const below = table.find(({ id }) => id === parent);
  if (below === undefined) return mountPoint;
  return `${below.device} ${join(below.root, relative(below.mountPoint, mountPoint))}`;
}
