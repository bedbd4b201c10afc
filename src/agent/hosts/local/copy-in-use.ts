import { constants } from "node:fs";
import { copyFile, rm } from "node:fs/promises";
import { hasErrno, StatusError } from "../../../kit/errors.ts";
import type { LoopDevice } from "../../../kit/loop-devices.ts";
import { readMountTable } from "../../../kit/mount-table.ts";
import { run } from "../../../kit/run.ts";
import { renewIdentity } from "../../../vhdx/index.ts";
import type { CopyInUse } from "../host.ts";
import { whileFrozen } from "./freeze.ts";
import { findUser } from "../../../kit/device-users.ts";

/** A copy to be made, and the loop device over the disk. */
export interface CopyUnderLoop extends CopyInUse {
  readonly loop: LoopDevice;
}

/**
 * Copies disks under their loop devices as of one instant. What was written through a device is in its file after a
 * sync; a forced block clone is then of one moment, where a plain copy would take from many. Several are frozen
 * meanwhile, so that it is the same moment for all.
 */
export async function copyUnderLoops(copies: readonly CopyUnderLoop[], signal: AbortSignal): Promise<void> {
  const mountPoints = await Promise.all(copies.map(({ loop }) => mountPointOf(loop)));
  const mounted = mountPoints.filter((mountPoint) => mountPoint !== undefined);
  if (copies.length > 1) await refuseRawUsers(copies, mountPoints);
  try {
    for (const { loop } of copies) await run("sync", [loop.device], signal);
    for (const mountPoint of mounted) await run("sync", ["--file-system", mountPoint], signal);
    await whileFrozen(
      copies.length > 1 ? mounted : [],
      async () => {
        for (const { disk, target } of copies) await blockClone(disk.path, target);
      },
      signal,
    );
    for (const { target, virtualDiskId } of copies) await renewIdentity(target, virtualDiskId);
  } catch (error) {
    for (const { target } of copies) await rm(target, { force: true });
    throw error;
  }
}

async function mountPointOf(loop: LoopDevice): Promise<string | undefined> {
  return (await readMountTable()).find(({ source }) => source === loop.device)?.mountPoint;
}

/** A process that writes to a device itself can't be made to wait. */
async function refuseRawUsers(
  copies: readonly CopyUnderLoop[],
  mountPoints: readonly (string | undefined)[],
): Promise<void> {
  for (const [index, { loop, disk }] of copies.entries()) {
    const user = mountPoints[index] === undefined ? await findUser(loop) : undefined;
    if (user === undefined) continue;
    throw new StatusError(
      "FAILED_PRECONDITION",
      `volume ${disk.volumeId} is in use without a file system that could be frozen: ${loop.device} is ${user.what}`,
    );
  }
}

async function blockClone(source: string, target: string): Promise<void> {
  try {
    await copyFile(source, target, constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL);
  } catch (error) {
    if (!hasErrno(error, "ENOTSUP", "EOPNOTSUPP", "EXDEV", "EINVAL", "ENOTTY", "ENOSYS")) throw error;
    throw new StatusError(
      "FAILED_PRECONDITION",
      `the file system of ${source} can't copy a disk in use; detach the volume first, or use a pool on XFS or btrfs`,
      error,
    );
  }
}
