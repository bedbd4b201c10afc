import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { refuseWhileUsed } from "../../kit/device-users.ts";
import { hasErrno, StatusError } from "../../kit/errors.ts";
import { scsiPage83 } from "../../vhdx/index.ts";
import { attribute, entries } from "./block-devices.ts";
import { askAnew, removeDevice } from "./scsi-commands.ts";
import { disksNamed } from "./scsi-disks.ts";
import { requireSameNumber } from "./scsi-proof.ts";
import { sysBlock, type ThisVm } from "./this-vm.ts";

/**
 * Removes the SCSI disk of a volume from the kernel before the host pulls it out. It is found by its name, since an
 * unstage is told no address. It is claimed meanwhile, so that nothing can start to use it, and removed only when it is
 * the one disk with this name and nothing else holds it.
 */
export async function letGo(volumeId: string, vm: ThisVm): Promise<void> {
  const found = theDisk(volumeId, vm);
  if (found === undefined) return;
  // A dead disk takes no flush and no question. Its detach is what repairs it.
  if (attribute(join(sysBlock(vm.roots), found, "device", "state")) !== "running") return;
  const device = join(vm.roots.dev, found);
  await refuseWhileUsed({ name: found, device });
  const claim = await claimDevice(device);
  try {
    await requireSameNumber(found, claim, vm);
    await askAnew(found, vm);
    if (theDisk(volumeId, vm) !== found) {
      throw new StatusError(
        "ABORTED",
        `${found} turned out to be another disk than volume ${volumeId}; try again`,
      );
    }
    const [holder] = entries(join(sysBlock(vm.roots), found, "holders"));
    if (holder !== undefined) throw inUse(device, `claimed by ${holder}`);
    await claim.sync();
    await removeDevice(found, vm);
  } finally {
    await claim.close();
  }
}

/** The one disk that is this volume; undefined when there is none. @throws FAILED_PRECONDITION for several */
function theDisk(volumeId: string, { roots }: ThisVm): string | undefined {
  const [disk, ...others] = disksNamed(scsiPage83(volumeId), roots);
  if (others.length === 0) return disk?.name;
  const names = [disk, ...others].map((each) => each?.name).join(", ");
  throw new StatusError(
    "FAILED_PRECONDITION",
    `several disks name themselves as volume ${volumeId} does: ${names}; none was removed. Detach all but one`,
  );
}

/** An exclusive claim: until it is closed no mount in any namespace and no mapper gets the disk. */
async function claimDevice(device: string): Promise<FileHandle> {
  try {
    return await open(device, constants.O_RDONLY | constants.O_EXCL);
  } catch (error) {
    if (!hasErrno(error, "EBUSY")) throw error;
    throw inUse(device, "mounted or claimed", error);
  }
}

function inUse(device: string, how: string, cause?: unknown): StatusError {
  return new StatusError("FAILED_PRECONDITION", `${device} is still in use: it is ${how}`, cause);
}
