import { StatusError } from "../../kit/errors.ts";
import type { Attachment } from "./host.ts";

/**
 * The attachment that a request to attach asks for, when it is there already.
 * @param attachments of the volume
 * @throws StatusError FAILED_PRECONDITION another VM has it, even a stopped one; ALREADY_EXISTS with other access
 */
export function presentAttachment(
  attachments: readonly Attachment[],
  vmId: string,
  readOnly: boolean,
): Attachment | undefined {
  const elsewhere = attachments.find((attachment) => attachment.vmId !== vmId);
  if (elsewhere !== undefined) {
    throw new StatusError(
      "FAILED_PRECONDITION",
      `volume ${elsewhere.volumeId} is attached to VM ${elsewhere.vmId}; detach it there first`,
    );
  }
  const [present] = attachments;
  if (present === undefined || present.readOnly === readOnly) return present;
  throw new StatusError(
    "ALREADY_EXISTS",
    `volume ${present.volumeId} is attached to VM ${vmId} ${present.readOnly ? "read-only" : "writable"} already`,
  );
}

/** @throws StatusError NOT_FOUND */
export function noSuchVm(vmId: string): never {
  throw new StatusError("NOT_FOUND", `VM ${JSON.stringify(vmId.slice(0, 128))} does not exist on this host`);
}

/** @throws StatusError FAILED_PRECONDITION for a disk that may only be taken from a VM that is off */
export function requireOff(vmId: string, isOff: boolean): void {
  if (isOff) return;
  throw new StatusError(
    "FAILED_PRECONDITION",
    `VM ${vmId} is not known to be off, and its disk was to be detached only then: nothing was changed`,
  );
}

/** @throws StatusError RESOURCE_EXHAUSTED */
export function requireSlot(vmId: string, used: number, slots: number): void {
  if (used < slots) return;
  throw new StatusError("RESOURCE_EXHAUSTED", `VM ${vmId} has a disk in each of its ${slots} slots`);
}
