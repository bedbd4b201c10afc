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
    if (!mustBeUnmounted(error)) throw error;
    // Nobody uses the mount yet, so it can step aside.
    await guest.unmount(path);
    await guest.growUnmounted(disk);
    await guest.mountDisk(disk, fsType, path, options);
  }
}

/**
 * Makes good a growth that failed or was cut short after the mount, else the repeated stage would hide it. Pods may use
 * the mount by now, so it stays: what can't grow while it is mounted grows when it is staged the next time.
 */
export async function growInUse(guest: Guest, path: string): Promise<void> {
  try {
    await guest.growMounted(path);
  } catch (error) {
    if (!mustBeUnmounted(error)) throw error;
  }
}

function mustBeUnmounted(error: unknown): boolean {
  return error instanceof StatusError && error.code === "FAILED_PRECONDITION";
}
