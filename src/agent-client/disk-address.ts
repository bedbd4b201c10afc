import { Type, type Static } from "typebox";
import { StatusError } from "../kit/errors.ts";

/** Slots that the local host gives each VM: as many as four Hyper-V SCSI controllers have. */
export const LOCAL_SLOTS_PER_VM = 256;

/** What a guest needs to find a disk on the local host: the file that the kernel names as the loop's backing file. */
export const LoopAddress = Type.Object({
  kind: Type.Literal("loop"),
  /** `<pool>/.vms/<vm id>/<volume id>.vhdx` */
  backingFile: Type.String(),
});

/** What a guest needs to find a disk: later hosts add their kinds here. */
export const DiskAddress = LoopAddress;
export type DiskAddress = Static<typeof DiskAddress>;

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
