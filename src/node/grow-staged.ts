import type { FileSystem } from "../csi/volume-capability.ts";
import { StatusError } from "../kit/errors.ts";
import type { Disk, Guest } from "./guest.ts";

/** Grows what a restore or an expansion left smaller than its disk. */
export async function growStaged(
  guest: Guest,
  disk: Disk,
  fsType: FileSystem,
  path: string,
  options: readonly string[],
): Promise<void> {
  if (!(await guest.isSmallerThanDisk(disk, fsType))) return;
  try {
    await guest.growMounted(path);
  } catch (error) {
    if (!(error instanceof StatusError && error.code === "FAILED_PRECONDITION")) throw error;
    // Nobody uses the mount yet, so it can step aside.
    await guest.unmount(path);
    await guest.growUnmounted(disk);
    await guest.mountDisk(disk, fsType, path, options);
  }
}
