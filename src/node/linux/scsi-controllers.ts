import { existsSync } from "node:fs";
import { join } from "node:path";
import { attribute, entries } from "./block-devices.ts";
import type { Roots } from "./this-vm.ts";

/** Class of Hyper-V's SCSI controllers on the VMBus. Those of IDE take no disk while the VM runs. */
const SCSI_CLASS = "{ba6163d9-04a1-4d29-b605-72e2ffb1dc7f}";

export const NO_CONTROLLER =
  "this VM has no SCSI controller to plug volumes into: turn it off and add up to four with Add-VMScsiController";

/** Hyper-V's SCSI controllers as sysfs has them, a directory each; undefined where there is no VMBus. */
export function scsiControllers({ sys }: Roots): string[] | undefined {
  const devices = join(sys, "bus", "vmbus", "devices");
  if (!existsSync(devices)) return undefined;
  return entries(devices)
    .map((id) => join(devices, id))
    .filter((device) => attribute(join(device, "class_id")) === SCSI_CLASS);
}

/** The SCSI hosts, `host1`, that the kernel's driver has made of a controller. */
export function hostsOf(controller: string): string[] {
  return entries(controller).filter((name) => /^host\d+$/.test(name));
}
