import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { addressText, type VmbusAddress } from "../../agent-client/disk-address.ts";
import { StatusError } from "../../kit/errors.ts";
import { scsiPage83 } from "../../vhdx/index.ts";
import { attribute } from "./block-devices.ts";
import { numberText } from "./bound-device.ts";
import { strangerOn } from "./claims.ts";
import { namesOfDisk } from "./page83.ts";
import { askAnew } from "./scsi-commands.ts";
import { disksNamed, lookAt } from "./scsi-disks.ts";
import { sysBlock, type ThisVm } from "./this-vm.ts";

/**
 * Proves that an open device is the disk at this address and that it is this volume, alone and unclaimed.
 * @throws StatusError FAILED_PRECONDITION for any doubt, UNAVAILABLE for a disk that is dead or going away
 */
export async function proveScsiDisk(
  address: VmbusAddress,
  name: string,
  handle: FileHandle,
  volumeId: string,
  vm: ThisVm,
): Promise<void> {
  const { roots } = vm;
  requireAlive(name, vm);
  await requireSameNumber(name, handle, vm);
  await askAnew(name, vm);
  const now = lookAt(address, roots);
  if (now.kind !== "disk" || now.name !== name) {
    throw new StatusError("UNAVAILABLE", `${name} went away from ${addressText(address)}; try again`);
  }
  requireName(address, name, volumeId, vm);
  const stranger = strangerOn(name, roots);
  if (stranger === undefined) return;
  throw refusal(
    `${name}, the disk of volume ${volumeId}, is claimed by ${stranger}: leave Hyper-V's disks out there; for ` +
      `multipath, with a blacklist entry for vendor Msft`,
  );
}

/** @throws StatusError UNAVAILABLE for a disk that the kernel has given up */
export function requireAlive(name: string, { roots }: ThisVm): void {
  const state = attribute(join(sysBlock(roots), name, "device", "state"));
  if (state === "running") return;
  throw new StatusError(
    "UNAVAILABLE",
    `the disk ${name} is ${state ?? "gone"}: detach it from this VM and attach it again`,
  );
}

/** A node in /dev that was left by another device has another number. */
export async function requireSameNumber(name: string, handle: FileHandle, { roots }: ThisVm): Promise<void> {
  const node = await handle.stat({ bigint: true });
  const number = attribute(join(sysBlock(roots), name, "dev"));
  if (node.isBlockDevice() && numberText(node.rdev) === number) return;
  throw new StatusError(
    "FAILED_PRECONDITION",
    `${join(roots.dev, name)} is not the device ${number ?? "of a disk"} that the kernel calls ${name}: ` +
      "/dev must be the host's",
  );
}

function requireName(address: VmbusAddress, name: string, volumeId: string, { roots }: ThisVm): void {
  const wanted = scsiPage83(volumeId);
  const alike = disksNamed(wanted, roots);
  const listed = alike.map((disk) => `${disk.name} (${disk.unit})`).join(", ");
  if (!alike.some((disk) => disk.name === name)) {
    const found = namesOfDisk(name, roots).join(", ") || "has no name on page 0x83";
    throw refusal(
      `the disk at ${addressText(address)} is ${name} and names itself ${found}, not ${wanted} as volume ` +
        `${volumeId} does${listed === "" ? "" : `, whose disk is ${listed}: detach it and attach it again`}`,
    );
  }
  if (alike.length > 1) {
    throw refusal(`several disks name themselves ${wanted}, as volume ${volumeId} does: ${listed}`);
  }
}

function refusal(message: string): StatusError {
  return new StatusError("FAILED_PRECONDITION", `${message}: nothing was written`);
}
