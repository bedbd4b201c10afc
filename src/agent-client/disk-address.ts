import { StatusError } from "../kit/errors.ts";

/** Slots that the local host gives each VM: as many as four Hyper-V SCSI controllers have. */
export const LOCAL_SLOTS_PER_VM = 256;

/** Units that a Hyper-V SCSI controller has. */
export const LUNS_PER_CONTROLLER = 64;

/** On the local host: the file that the kernel names as the loop's backing file. */
export interface LoopAddress {
  readonly kind: "loop";
  /** `<pool>/.vms/<vm id>/<volume id>.vhdx` */
  readonly backingFile: string;
}

/** On Hyper-V: where the disk is plugged into the VM's SCSI controllers. */
export interface VmbusAddress {
  readonly kind: "vmbus";
  /** VMBus instance id of the controller, a GUID in lower case. */
  readonly controllerId: string;
  /** From 0 to 63. */
  readonly lun: number;
}

/** What a guest needs to find a disk. */
export type DiskAddress = LoopAddress | VmbusAddress;

/** For people: the loop's file, or controller and unit. */
export function addressText(address: DiskAddress): string {
  return address.kind === "loop"
    ? address.backingFile
    : `controller ${address.controllerId}, LUN ${address.lun}`;
}

/** The address as CSI's publish context carries it from the controller to the node. */
export function encodePublishContext(address: DiskAddress): Record<string, string> {
  return address.kind === "loop"
    ? { addressKind: "loop", backingFile: address.backingFile }
    : { addressKind: "vmbus", controllerId: address.controllerId, lun: String(address.lun) };
}

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** @throws StatusError INVALID_ARGUMENT for a context that no attach of ours gave. */
export function decodePublishContext(context: Readonly<Record<string, string>>): DiskAddress {
  const { addressKind, backingFile, controllerId = "", lun = "" } = context;
  if (addressKind === "loop" && backingFile !== undefined) return { kind: "loop", backingFile };
  if (
    addressKind === "vmbus" &&
    GUID.test(controllerId) &&
    /^\d{1,2}$/.test(lun) &&
    Number(lun) < LUNS_PER_CONTROLLER
  ) {
    return { kind: "vmbus", controllerId, lun: Number(lun) };
  }
  throw new StatusError(
    "INVALID_ARGUMENT",
    "publish_context has no disk address: the volume was not published by this driver",
  );
}
