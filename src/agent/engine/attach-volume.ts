import { StatusError } from "../../kit/errors.ts";
import type { Attachment } from "../hosts/host.ts";
import { knownVolume } from "./known-volume.ts";
import type { EngineParts } from "./parts.ts";

/** Connects a volume to a VM. A volume that another VM has, even a stopped one, is refused. */
export async function attachVolume(
  parts: EngineParts,
  vmId: string,
  volumeId: string,
  readOnly: boolean,
  signal: AbortSignal,
): Promise<Attachment> {
  const volume = knownVolume(parts, volumeId);
  const vm = await parts.host.getVm(vmId);
  if (vm === undefined) throw new StatusError("NOT_FOUND", `VM ${vmId} does not exist on this host`);

  const attachments = await parts.host.listAttachments();
  const present = attachments.find((attachment) => attachment.volumeId === volumeId);
  if (present !== undefined) return samePlace(present, vmId, readOnly);

  const used = attachments.filter((attachment) => attachment.vmId === vmId).length;
  const slots = parts.host.manifest.slotsPerVm;
  if (used >= slots) {
    throw new StatusError("RESOURCE_EXHAUSTED", `VM ${vmId} has a disk in each of its ${slots} slots`);
  }
  return await parts.host.attach({ volumeId, path: volume.path }, vmId, readOnly, signal);
}

function samePlace(present: Attachment, vmId: string, readOnly: boolean): Attachment {
  if (present.vmId !== vmId) {
    throw new StatusError(
      "FAILED_PRECONDITION",
      `volume ${present.volumeId} is attached to VM ${present.vmId}; detach it there first`,
    );
  }
  if (present.readOnly === readOnly) return present;
  throw new StatusError(
    "ALREADY_EXISTS",
    `volume ${present.volumeId} is attached to VM ${vmId} ${present.readOnly ? "read-only" : "writable"} already`,
  );
}
