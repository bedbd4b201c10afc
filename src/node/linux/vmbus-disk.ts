import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { addressText, type VmbusAddress } from "../../agent-client/disk-address.ts";
import { shrinkBudget } from "../../kit/deadline.ts";
import { hasErrno, StatusError } from "../../kit/errors.ts";
import { scsiPage83 } from "../../vhdx/index.ts";
import type { Disk, Patience } from "../guest.ts";
import { attribute, sizeOf } from "./block-devices.ts";
import { proveScsiDisk } from "./scsi-proof.ts";
import { scanUnit } from "./scsi-commands.ts";
import { disksNamed, lookAt } from "./scsi-disks.ts";
import { sysBlock, type ThisVm } from "./this-vm.ts";

const FIRST_WAIT_MS = 25;
const LONGEST_WAIT_MS = 500;

/**
 * Finds the disk at an address of this VM's SCSI controllers, waiting for it while the caller has time, and proves
 * that it is the volume. The address alone proves nothing, as another disk may have taken the unit; the name alone
 * neither, as a copy may carry it: both must agree.
 */
export async function findVmbusDisk(
  address: VmbusAddress,
  volumeId: string,
  vm: ThisVm,
  patience: Patience,
): Promise<Disk> {
  const { name, handle } = await waitForDisk(address, volumeId, vm, patience);
  try {
    await proveScsiDisk(address, name, handle, volumeId, vm);
    return {
      volumeId,
      device: join(vm.roots.dev, name),
      size: sizeOf(name, vm.roots),
      readOnly: attribute(join(sysBlock(vm.roots), name, "ro")) === "1",
      release: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function waitForDisk(
  address: VmbusAddress,
  volumeId: string,
  vm: ThisVm,
  patience: Patience,
): Promise<{ readonly name: string; readonly handle: FileHandle }> {
  const end = performance.now() + shrinkBudget(patience.deadline - performance.now());
  let scanned = false;
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    const sight = lookAt(address, vm.roots);
    if (sight.kind === "other") throw refusal(`${addressText(address)}: ${sight.what}`);
    const why =
      sight.kind === "nothing" ? sight.why : `${sight.name} has no device node; /dev must be the host's`;
    if (sight.kind === "disk") {
      const handle = await openNode(join(vm.roots.dev, sight.name));
      if (handle !== undefined) return { name: sight.name, handle };
    } else if (sight.host !== undefined && !scanned) {
      scanned = await scanUnit(sight.host, address.lun, vm);
      if (scanned) continue;
    }
    if (performance.now() + wait < end && !patience.signal.aborted) {
      await setTimeout(wait);
      continue;
    }
    throw notFound(address, volumeId, why, vm);
  }
}

/** What is to be said when the time is over: that the disk is elsewhere, or nowhere. */
function notFound(address: VmbusAddress, volumeId: string, why: string, { roots }: ThisVm): StatusError {
  const elsewhere = disksNamed(scsiPage83(volumeId), roots).map(({ name, unit }) => `${name} (${unit})`);
  if (elsewhere.length === 0) {
    return new StatusError(
      "UNAVAILABLE",
      `the disk of volume ${volumeId} has not appeared at ${addressText(address)}: ${why}`,
    );
  }
  return refusal(
    `the disk of volume ${volumeId} is ${elsewhere.join(", ")} and not at ${addressText(address)}, where ` +
      `it was attached: ${why}. It was moved; detach it and attach it again`,
  );
}

/** An open device keeps its name; what is proven after the opening stays true until it is closed. */
async function openNode(device: string): Promise<FileHandle | undefined> {
  try {
    // Without waiting for a drive that is not ready.
    return await open(device, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return undefined;
    if (!hasErrno(error, "ENXIO", "ENODEV")) throw error;
    throw new StatusError("UNAVAILABLE", `${device} is there and its disk does not answer`, error);
  }
}

function refusal(message: string): StatusError {
  return new StatusError("FAILED_PRECONDITION", `${message}: nothing was written`);
}
