import { StatusError } from "../kit/errors.ts";

/** Slots that the local host gives each VM: as many as four Hyper-V SCSI controllers have. */
export const LOCAL_SLOTS_PER_VM = 256;

/** What a guest needs to find a disk. On the local host: the file that the kernel names as the loop's backing file. */
export interface DiskAddress {
  readonly kind: "loop";
  /** `<pool>/.vms/<vm id>/<volume id>.vhdx` */
  readonly backingFile: string;
}

/** The address as CSI's publish context carries it from the controller to the node. */
export function encodePublishContext(address: DiskAddress): Record<string, string> {
  return { addressKind: address.kind, backingFile: address.backingFile };
}

/** @throws StatusError INVALID_ARGUMENT for a context that no attach of ours gave. */
export function decodePublishContext(context: Readonly<Record<string, string>>): DiskAddress {
  const { addressKind, backingFile } = context;
  if (addressKind === "loop" && backingFile !== undefined) return { kind: "loop", backingFile };
  throw new StatusError(
    "INVALID_ARGUMENT",
    "publish_context has no disk address: the volume was not published by this driver",
  );
}
