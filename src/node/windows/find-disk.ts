import { setTimeout } from "node:timers/promises";
import { addressText, type DiskAddress, type VmbusAddress } from "../../agent-client/disk-address.ts";
import { shrinkBudget } from "../../kit/deadline.ts";
import { StatusError } from "../../kit/errors.ts";
import type { Disk, Patience } from "../guest.ts";
import { controllerOf, deviceName, page83Of, refusal, theDisk } from "./disks.ts";
import type { Survey, WindowsDisk } from "./protocol.ts";
import type { WindowsWorkers } from "./windows-workers.ts";

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2000;

/**
 * Finds the disk of a volume by the name that it gives itself on page 0x83, waiting for it while the caller has time, and
 * checks that it is where it was attached: another disk with that name, a copy, would be somewhere else. Several controllers
 * have disks with one LUN, so that the LUN alone tells nothing.
 * @throws StatusError FAILED_PRECONDITION for another disk or place, UNAVAILABLE when it has not appeared
 */
export async function findDisk(
  workers: WindowsWorkers,
  address: DiskAddress,
  volumeId: string,
  patience: Patience,
): Promise<Disk> {
  if (address.kind === "loop") {
    throw new StatusError(
      "FAILED_PRECONDITION",
      "the volume is attached as a loop device, which Windows has not",
    );
  }
  const end = performance.now() + shrinkBudget(patience.deadline - performance.now());
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    const survey = await workers.ask("survey", {});
    const disk = theDisk(survey, volumeId);
    if (disk !== undefined) {
      requirePlace(disk, address, volumeId);
      return asDisk(disk, volumeId);
    }
    if (performance.now() + wait >= end || patience.signal.aborted) throw notFound(survey, address, volumeId);
    await workers.change("rescan", {});
    await setTimeout(wait);
  }
}

function asDisk(disk: WindowsDisk, volumeId: string): Disk {
  return {
    volumeId,
    device: deviceName(disk),
    size: BigInt(disk.size),
    // Windows marks new disks so by itself: that they are attached so is seen when the mark does not go.
    readOnly: false,
    release: () => Promise.resolve(),
  };
}

function requirePlace(disk: WindowsDisk, address: VmbusAddress, volumeId: string): void {
  const controller = controllerOf(disk);
  const isThere = disk.lun === address.lun && (controller ?? address.controllerId) === address.controllerId;
  if (isThere) return;
  throw refusal(
    `the disk of volume ${volumeId} is ${deviceName(disk)}, on ${controller ?? "an unknown controller"} with LUN ${disk.lun ?? "unknown"}, ` +
      `and not at ${addressText(address)}, where it was attached. It was moved; detach it and attach it again`,
  );
}

/** What is to be said when the time is over: that another disk is in its place, or none. */
function notFound({ disks }: Survey, address: VmbusAddress, volumeId: string): StatusError {
  const other = disks.find((disk) => disk.lun === address.lun && controllerOf(disk) === address.controllerId);
  if (other === undefined) {
    return new StatusError(
      "UNAVAILABLE",
      `the disk of volume ${volumeId} has not appeared at ${addressText(address)}`,
    );
  }
  return refusal(
    `${deviceName(other)} at ${addressText(address)} names itself ${page83Of(other) ?? "nothing"}, which is not volume ${volumeId}`,
  );
}
