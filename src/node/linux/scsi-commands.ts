import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { StatusError } from "../../kit/errors.ts";
import { sysBlock, type ThisVm } from "./this-vm.ts";

/** Has the kernel ask a disk again for its names and its size: what it remembers may be another disk's. */
export async function askAnew(disk: string, vm: ThisVm): Promise<void> {
  await tell(vm, join(sysBlock(vm.roots), disk, "device", "rescan"), "1");
}

/**
 * Has a controller look at one unit. Never at all of them: that would bring back disks which were let go and wait for
 * their detach. False while a controller that has just come can't look yet: its attributes come after its name.
 */
export async function scanUnit(host: string, lun: number, vm: ThisVm): Promise<boolean> {
  const scan = join(vm.roots.sys, "class", "scsi_host", host, "scan");
  if (!existsSync(scan)) return false;
  await tell(vm, scan, `0 0 ${lun}`);
  return true;
}

/** Removes a disk from the kernel, which writes its cache first, and reads back that it is gone. */
export async function removeDevice(disk: string, vm: ThisVm): Promise<void> {
  const entry = join(sysBlock(vm.roots), disk);
  await tell(vm, join(entry, "device", "delete"), "1");
  for (let wait = 5; wait <= 640; wait *= 2) {
    if (!existsSync(entry)) return;
    await setTimeout(wait);
  }
  throw new StatusError("ABORTED", `${disk} was removed from the kernel and is still there; try again`);
}

async function tell(vm: ThisVm, attribute: string, value: string): Promise<void> {
  try {
    await vm.tell(attribute, value);
  } catch (error) {
    const why = error instanceof Error ? error.message : "unknown";
    throw new StatusError("UNAVAILABLE", `the kernel did not take ${value} for ${attribute}: ${why}`, error);
  }
}
