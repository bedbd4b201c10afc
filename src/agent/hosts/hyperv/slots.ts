import { LUNS_PER_CONTROLLER } from "../../../agent-client/disk-address.ts";
import { StatusError } from "../../../kit/errors.ts";
import type { HypervVm } from "./protocol.ts";

const MOST_CONTROLLERS = 4;

/** A unit of a SCSI controller. */
export interface Slot {
  readonly controllerId: string;
  readonly lun: number;
}

/**
 * The first free unit over a VM's controllers, whoever has the others.
 * @throws StatusError RESOURCE_EXHAUSTED saying what to do: a controller can't be added to a running VM
 */
export function freeSlot({ id, name, controllers, drives }: HypervVm): Slot {
  for (const controller of controllers.toSorted((one, other) => one.number - other.number)) {
    const own = drives.filter(({ controllerId }) => controllerId === controller.id);
    const used = new Set([...controller.usedLuns, ...own.map(({ lun }) => lun)]);
    for (let lun = 0; lun < LUNS_PER_CONTROLLER; lun++) {
      if (!used.has(lun)) return { controllerId: controller.id, lun };
    }
  }
  const has =
    controllers.length === 0
      ? "has no SCSI controller"
      : `has a disk in each of the ${controllers.length * LUNS_PER_CONTROLLER} slots of its SCSI controllers`;
  const way =
    controllers.length < MOST_CONTROLLERS
      ? "turn the VM off and add one with Add-VMScsiController (up to 4)"
      : "detach a disk, or use another VM";
  throw new StatusError("RESOURCE_EXHAUSTED", `VM ${id} (${name}) ${has}: ${way}`);
}
