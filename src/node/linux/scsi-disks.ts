import { existsSync } from "node:fs";
import { join } from "node:path";
import type { VmbusAddress } from "../../agent-client/disk-address.ts";
import { attribute, entries } from "./block-devices.ts";
import { namesOfDisk } from "./page83.ts";
import type { Roots } from "./this-vm.ts";

/** SCSI's number for disks; 5 is a DVD drive. */
export const DISK_TYPE = "0";

/** What is plugged in at an address at this moment. */
export type Sight =
  | { readonly kind: "disk"; readonly name: string }
  /** Nothing yet; with a host, its controller is there and can be asked to look. */
  | { readonly kind: "nothing"; readonly why: string; readonly host?: string }
  | { readonly kind: "other"; readonly what: string };

/** A disk that the kernel found on a SCSI host. */
export interface ScsiDisk {
  /** `sdb` */
  readonly name: string;
  /** Host, channel, target and unit: `3:0:0:5` */
  readonly unit: string;
}

/**
 * Looks at a unit of a Hyper-V SCSI controller: the VMBus device with the controller's id has one SCSI host, and all
 * its disks are on channel 0, target 0. Both appear some time after the disk was attached.
 */
export function lookAt({ controllerId, lun }: VmbusAddress, { sys }: Roots): Sight {
  const controller = join(sys, "bus", "vmbus", "devices", controllerId);
  if (!existsSync(controller)) return { kind: "nothing", why: "this VM has no such controller" };
  const [host, ...others] = entries(controller).filter((name) => /^host\d+$/.test(name));
  if (host === undefined)
    return { kind: "nothing", why: "the controller has no SCSI host: is hv_storvsc loaded?" };
  if (others.length > 0) {
    return { kind: "other", what: `the controller has several SCSI hosts: ${[host, ...others].join(", ")}` };
  }
  const unit = `${host.slice("host".length)}:0:0:${lun}`;
  const device = join(sys, "bus", "scsi", "devices", unit);
  if (!existsSync(device)) return { kind: "nothing", why: "the controller shows no disk there", host };
  if (attribute(join(device, "type")) !== DISK_TYPE) return { kind: "other", what: `${unit} is no disk` };
  const [name, ...more] = entries(join(device, "block"));
  if (name === undefined) return { kind: "nothing", why: `${unit} has no block device yet` };
  if (more.length > 0) return { kind: "other", what: `${unit} has several block devices` };
  return { kind: "disk", name };
}

/** All disks that name themselves so on page 0x83. */
export function disksNamed(page83: string, roots: Roots): ScsiDisk[] {
  return scsiDisks(roots).filter(({ name }) => namesOfDisk(name, roots).includes(page83));
}

/** All disks on SCSI hosts, whatever they are used for. */
export function scsiDisks({ sys }: Roots): ScsiDisk[] {
  const devices = join(sys, "bus", "scsi", "devices");
  return entries(devices)
    .filter((unit) => /^\d+:\d+:\d+:\d+$/.test(unit) && attribute(join(devices, unit, "type")) === DISK_TYPE)
    .flatMap((unit) => entries(join(devices, unit, "block")).map((name) => ({ name, unit })));
}
