import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { hasErrno } from "./errors.ts";

/** O_EXCL without O_CREAT is for block devices: EBUSY while they are claimed; see open(2). */
const EXCLUSIVELY = constants.O_RDONLY | constants.O_EXCL;

/** True while the kernel has given a device to somebody for their own, as it does for a mount in any namespace. */
export async function isClaimed(device: string): Promise<boolean> {
  try {
    await (await open(device, EXCLUSIVELY)).close();
    return false;
  } catch (error) {
    if (hasErrno(error, "EBUSY")) return true;
    throw error;
  }
}
