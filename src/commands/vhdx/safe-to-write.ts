import { readFile, realpath, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { StatusError } from "../../kit/errors.ts";
import { type FileLock, lockFile } from "../../kit/file-lock.ts";
import { listLoopDevices } from "../../kit/loop-devices.ts";
import { isLinux } from "../../kit/platform.ts";
import { failed, runAny } from "../../kit/run.ts";
import { requireRegularFile } from "./regular-file.ts";

/** Every pool has the marker, and a lock that was ever taken names who took it. Other locks are not ours to touch. */
const POOL_MARKER = ".hyperv-csi.json";
const LOCK = ".lock";
const ownLock = / \(pid \d+\)\s*$/;

/**
 * Runs `work` on a file that nobody else uses as far as this machine can tell: FAILED_PRECONDITION when a loop device
 * has it or an agent serves the pool it lies in. The pool's lock is held meanwhile, so that no agent starts.
 */
export async function whileUnused(path: string, work: () => Promise<number>): Promise<number> {
  await requireRegularFile(path);
  const place = await realpath(path);
  await refuseLoopDevice(path, place);
  const locks: FileLock[] = [];
  try {
    for (const pool of await poolsAround(place)) locks.push(await lockPool(path, pool));
    // An agent that ended a moment ago may have attached the file before.
    if (locks.length > 0) await refuseLoopDevice(path, place);
    return await work();
  } finally {
    for (const lock of locks) await lock.release();
  }
}

/** A volume has several names, hard links of one file: the file counts, by device and inode. */
async function refuseLoopDevice(path: string, place: string): Promise<void> {
  const devices = isLinux() ? listLoopDevices() : [];
  if (devices.length === 0) return;
  const file = await stat(place, { bigint: true });
  for (const { device, backingFile } of devices) {
    const backing = await stat(backingFile, { bigint: true }).catch(() => undefined);
    if (backing?.ino === file.ino && backing.dev === file.dev) refuseAttached(path, device);
  }
  // A backing file may have lost the name that the kernel knows; losetup asks the device itself.
  const args = ["--associated", place, "--noheadings", "--output", "NAME"];
  const result = await runAny("losetup", args);
  if (result.exitCode !== 0) throw failed("losetup", args, result);
  const [device] = result.stdout.trim().split(/\s+/, 1);
  if (device !== undefined && device !== "") refuseAttached(path, device);
}

function refuseAttached(path: string, device: string): never {
  throw new StatusError("FAILED_PRECONDITION", `${path} is attached as ${device}; detach it first`);
}

/** Directories above the file that are pools: attachments are links some levels below one. */
async function poolsAround(place: string): Promise<string[]> {
  const pools: string[] = [];
  for (let directory = dirname(place); ; directory = dirname(directory)) {
    if (await isPool(directory)) pools.push(directory);
    if (directory === dirname(directory)) return pools;
  }
}

async function isPool(directory: string): Promise<boolean> {
  if ((await stat(join(directory, POOL_MARKER)).catch(() => undefined)) !== undefined) return true;
  return ownLock.test(await readFile(join(directory, LOCK), "utf8").catch(() => ""));
}

async function lockPool(path: string, pool: string): Promise<FileLock> {
  const lock = join(pool, LOCK);
  try {
    return await lockFile(lock, `pool ${pool}`, "hyperv-csi vhdx");
  } catch (error) {
    if (!(error instanceof StatusError && error.code === "FAILED_PRECONDITION")) throw error;
    const holder = await readFile(lock, "utf8").catch(() => "");
    throw new StatusError(
      "FAILED_PRECONDITION",
      `${path} lies in pool ${pool}, in use by ${holder.trim() || "an agent"}: have the agent do this, or stop it first`,
      error,
    );
  }
}
