import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import { basename, join } from "node:path";
import { StatusError } from "../../kit/errors.ts";
import { backingFileOf } from "../../kit/loop-devices.ts";
import type { Mount } from "../../kit/mount-table.ts";
import { boundDevice } from "./bound-device.ts";
import { sysBlock, type Roots } from "./this-vm.ts";

const SECTOR = 512n;

/** A block device under a mount, as sysfs has it. */
export interface MountedDevice {
  /** `sdb`, `dm-0`, `loop3` */
  readonly name: string;
  /** "block" when the mount shows the device itself. */
  readonly access: "mount" | "block";
}

/**
 * The block device that is mounted or, bound to a path, shown by a mount; undefined when there is none. No file system
 * of a volume is asked: it may hang.
 */
export async function deviceOf(mount: Mount, roots: Roots): Promise<MountedDevice | undefined> {
  const bound = await boundDevice(mount, roots);
  if (bound !== undefined) return { name: nameOf(bound, roots) ?? basename(mount.root), access: "block" };
  const name = mountedDevice(mount, roots);
  return name === undefined ? undefined : { name, access: "mount" };
}

/** The block device whose file system a mount shows. */
export function mountedDevice({ device, source }: Mount, roots: Roots): string | undefined {
  // btrfs has an anonymous number, and a device that is gone has none: both are known by their node.
  return nameOf(device, roots) ?? nameOfNode(source, roots);
}

/**
 * The disk that a device lies on: behind a device mapper, such as LUKS, the one disk that it maps, else the device
 * itself. Undefined for a mapper over none or several.
 */
export function diskUnder(name: string, roots: Roots): string | undefined {
  if (!name.startsWith("dm-")) return name;
  const [slave, ...others] = entries(join(sysBlock(roots), name, "slaves"));
  return slave === undefined || others.length > 0 ? undefined : diskUnder(slave, roots);
}

/** True when the machine has lost the disk. A loop device is lost with its file. */
export function isGone(name: string, roots: Roots): boolean {
  if (name.startsWith("loop")) {
    return backingFileOf(name, sysBlock(roots))?.endsWith(" (deleted)") ?? true;
  }
  return !existsSync(join(roots.sys, "class", "block", name));
}

/** Bytes of a block device. @throws StatusError UNAVAILABLE when it is gone; a disk that died has none left. */
export function sizeOf(name: string, { sys }: Roots): bigint {
  const size = attribute(join(sys, "class", "block", name, "size"));
  if (size !== undefined && /^[1-9]\d*$/.test(size)) return BigInt(size) * SECTOR;
  throw new StatusError("UNAVAILABLE", `the disk ${name} is gone`);
}

function nameOf(number: string, { sys }: Roots): string | undefined {
  try {
    return basename(readlinkSync(join(sys, "dev", "block", number)));
  } catch {
    return undefined;
  }
}

/** The device behind a node, which may be a link such as those in `/dev/mapper`. */
function nameOfNode(node: string, { dev }: Roots): string | undefined {
  if (!node.startsWith(`${dev}/`)) return undefined;
  try {
    return basename(realpathSync(node));
  } catch {
    return basename(node);
  }
}

/** What a file in sysfs says; undefined when it isn't there or can't be read. */
export function attribute(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}

/** Names in a directory of sysfs; none when it is not there. */
export function entries(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
