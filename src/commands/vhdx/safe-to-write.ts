import { realpath, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { StatusError } from "../../kit/errors.ts";
import { type FileLock, lockFile } from "../../kit/file-lock.ts";
import { listLoopDevices } from "../../kit/loop-devices.ts";

/**
 * Runs `work` on a file that nobody else uses as far as this machine can tell: FAILED_PRECONDITION when a loop device
 * has it or an agent serves the pool it lies in, whose lock is held meanwhile.
 */
export async function whileUnused(path: string, work: () => Promise<number>): Promise<number> {
  const place = await realpath(path);
  await refuseLoopDevice(place);
  const locks = await lockPools(place);
  try {
    return await work();
  } finally {
    for (const lock of locks) await lock.release();
  }
}

/** A volume has several names, hard links of one file: the file counts. */
async function refuseLoopDevice(path: string): Promise<void> {
  if (process.platform !== "linux") return;
  const file = await stat(path, { bigint: true });
  for (const { device, backingFile } of listLoopDevices()) {
    const backing = await stat(backingFile, { bigint: true }).catch(() => undefined);
    if (backing?.ino !== file.ino || backing.dev !== file.dev) continue;
    throw new StatusError("FAILED_PRECONDITION", `${path} is attached as ${device}; detach it first`);
  }
}

/** The file's directory, or the one above for what a pool keeps in directories of its own. */
async function lockPools(path: string): Promise<FileLock[]> {
  const locks: FileLock[] = [];
  for (const directory of [dirname(path), dirname(dirname(path))]) {
    const lock = join(directory, ".lock");
    if ((await stat(lock).catch(() => undefined)) === undefined) continue;
    locks.push(await lockFile(lock, `pool ${directory}`, "hyperv-csi vhdx"));
  }
  return locks;
}
