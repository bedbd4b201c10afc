import { readdirSync, readlinkSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { setImmediate, setTimeout } from "node:timers/promises";
import { blockDevicesAt } from "./block-device-at.ts";
import { isClaimed } from "./claimed-device.ts";
import { StatusError } from "./errors.ts";
import { readMountTable } from "./mount-table.ts";
import { backingFiles } from "./loop-devices.ts";

/** Longest pause, in milliseconds, before a device that a process has open is looked at once more. */
const LONGEST_PAUSE_MS = 800;

/** How long, in milliseconds, the descriptors of all processes are gone through before others have their turn. */
const LONGEST_TURN_MS = 5;

/** A block device of this machine. */
interface BlockDevice {
  /** `sdb` */
  readonly name: string;
  /** Its node, `/dev/sdb`. */
  readonly device: string;
}

/** Who uses a device. A process may only be looking; all else stays until somebody ends it. */
interface DeviceUser {
  readonly what: string;
  readonly mayBePassing: boolean;
}

/**
 * Refuses with FAILED_PRECONDITION when anything on this machine uses the device, saying what. Programs that only look,
 * such as another agent's losetup on its way to a free device, are waited for.
 */
export async function refuseWhileUsed(disk: BlockDevice): Promise<void> {
  for (let pause = 25; ; pause *= 2) {
    const user = await findUser(disk);
    if (user === undefined) return;
    if (!user.mayBePassing || pause > LONGEST_PAUSE_MS) {
      throw new StatusError("FAILED_PRECONDITION", `${disk.device} is in use: it is ${user.what}`);
    }
    await setTimeout(pause);
  }
}

/** Looks once for a user of the device. */
export async function findUser(disk: BlockDevice): Promise<DeviceUser | undefined> {
  const holder = (await mountOf(disk)) ?? loopOn(disk);
  if (holder !== undefined) return { what: holder, mayBePassing: false };
  const opener = await processWith(disk);
  if (opener !== undefined) return { what: opener, mayBePassing: true };
  // Last, because it claims the device: whoever is about to format or mount it has it open, and would find it busy.
  const claimer = await exclusiveUser(disk);
  return claimer === undefined ? undefined : { what: claimer, mayBePassing: false };
}

/** A file system on the device, or the device itself bound to a path as a raw block volume. */
async function mountOf(disk: BlockDevice): Promise<string | undefined> {
  for (const { source, root, mountPoint } of await readMountTable()) {
    const isUse = source === disk.device || (basename(root) === disk.name && (await shows(mountPoint, disk)));
    if (isUse) return `mounted on ${mountPoint}`;
  }
  return undefined;
}

async function shows(path: string, disk: BlockDevice): Promise<boolean> {
  const [own, bound] = await blockDevicesAt([disk.device, path]);
  return bound !== undefined && bound === own;
}

/** Mounts of every namespace, device mappers and mkfs claim a device exclusively; so do we, for a moment. */
async function exclusiveUser({ device }: BlockDevice): Promise<string | undefined> {
  return (await isClaimed(device)) ? "mounted elsewhere, or claimed by another driver" : undefined;
}

/** Kubelet keeps a raw block volume busy with a loop device of its own over it. */
function loopOn(disk: BlockDevice): string | undefined {
  const over = [...backingFiles()].find(([, file]) => file === disk.device);
  return over === undefined ? undefined : `the backing file of /dev/${over[0]}`;
}

/** A process with the raw device open claims nothing: only its descriptors tell. */
async function processWith(disk: BlockDevice): Promise<string | undefined> {
  const paths: string[] = [];
  let turn = performance.now();
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    paths.push(...openFiles(join("/proc", pid, "fd")));
    if (performance.now() - turn < LONGEST_TURN_MS) continue;
    await setImmediate();
    turn = performance.now();
  }
  const [own, ...files] = await blockDevicesAt([disk.device, ...paths]);
  // Without its number nothing is known of who has it open.
  if (own === undefined) {
    throw new StatusError("UNAVAILABLE", `${disk.device} can't be looked at as a block device`);
  }
  const pid = paths[files.indexOf(own)]?.split("/")[2];
  return pid === undefined ? undefined : `open in process ${pid} (${await nameOf(pid)})`;
}

/** Descriptors that may be a device, under whatever name its mount namespace gives it. */
function openFiles(directory: string): string[] {
  try {
    return readdirSync(directory)
      .map((descriptor) => join(directory, descriptor))
      .filter((path) => mayBeDevice(path));
  } catch {
    // The process ended meanwhile.
    return [];
  }
}

function mayBeDevice(descriptor: string): boolean {
  try {
    const target = readlinkSync(descriptor);
    return target.startsWith("/") && target !== "/dev/null";
  } catch {
    // Closed meanwhile, which says nothing about the process's other descriptors.
    return false;
  }
}

async function nameOf(pid: string): Promise<string> {
  return (await readFile(join("/proc", pid, "comm"), "utf8").catch(() => "?")).trim();
}
