import type { FileSystem } from "../../csi/volume-capability.ts";
import { StatusError } from "../../kit/errors.ts";
import { run } from "../../kit/run.ts";
import type { Disk } from "../guest.ts";
import { endsAreZero } from "./content.ts";

/**
 * None is told to overwrite what it finds. mkfs.ext4 would ask a person whether a whole disk is meant: -F answers
 * that, and still refuses a disk in use. No blocks are reserved for root: pods are the only users.
 */
const makers: Readonly<Record<FileSystem, readonly [program: string, ...args: string[]]>> = {
  ext4: ["mkfs.ext4", "-q", "-F", "-m", "0"],
  xfs: ["mkfs.xfs", "-q"],
  btrfs: ["mkfs.btrfs", "--quiet"],
};

/** Makes a file system on a disk that was proven blank; what can be looked at without a process is looked at again. */
export async function format(disk: Disk, fsType: FileSystem): Promise<void> {
  if (!(await endsAreZero(disk))) {
    throw new StatusError("FAILED_PRECONDITION", `${disk.device} is not blank: it was not formatted`);
  }
  const [program, ...args] = makers[fsType];
  await run(program, [...args, disk.device]);
}
