import { stat } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { readMountTable, type Mount } from "../../kit/mount-table.ts";
import type { Disk } from "../guest.ts";
import { deviceOf, diskUnder, mountedDevice, numberText } from "./block-devices.ts";
import { canonicalPath } from "./mounts.ts";
import { mountInfo, type Roots } from "./this-vm.ts";

/** File systems that have the nodes of devices in them. */
const HOLD_NODES = ["devtmpfs", "tmpfs"];

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
  const nodes = numberText((await stat(roots.dev, { bigint: true })).dev);
  const others: string[] = [];
  for (const mount of table) {
    const name = await deviceShownBy(mount, nodes, roots);
    const isDisk = name !== undefined && diskUnder(name, roots) === basename(disk.device);
    if (isDisk && !knownSpots.has(spotOf(mount, table))) others.push(mount.mountPoint);
  }
  return others;
}

/** Only a path that may be a node is looked at, as those of the machine's own `nodes` are: others may hang. */
async function deviceShownBy(mount: Mount, nodes: string, roots: Roots): Promise<string | undefined> {
  if (HOLD_NODES.includes(mount.fsType) || mount.device === nodes)
    return (await deviceOf(mount, roots))?.name;
  return mountedDevice(mount, roots);
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
