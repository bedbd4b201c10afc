import { StatusError } from "../../../kit/errors.ts";
import type { Attachment } from "../../hosts/host.ts";
import type { Volume } from "../model.ts";
import type { EngineParts } from "../parts.ts";
import { quoted, soundVolume } from "./known-volume.ts";
import { saveVolume } from "./modify-volume.ts";

/** Connects a volume to a VM. A volume that another VM has, even a stopped one, is refused. */
export async function attachVolume(
  parts: EngineParts,
  vmId: string,
  volumeId: string,
  readOnly: boolean,
  mountPoint: string | undefined,
  signal: AbortSignal,
): Promise<Attachment> {
  const { host } = parts;
  const volume = await soundVolume(parts, volumeId);
  const vm = await host.getVm(vmId);
  if (vm === undefined) throw new StatusError("NOT_FOUND", `VM ${quoted(vmId)} does not exist on this host`);

  const attachments = await host.listAttachments();
  const present = attachments.find((attachment) => attachment.volumeId === volumeId);
  if (present !== undefined) {
    const attachment = samePlace(present, vmId, readOnly);
    await rememberMountPoint(parts, volume, vmId, mountPoint);
    return attachment;
  }
  requireOwnGuestIdentity(parts, volume);
  const used = attachments.filter((attachment) => attachment.vmId === vmId).length;
  const slots = host.manifest.slotsPerVm;
  if (used >= slots) {
    throw new StatusError("RESOURCE_EXHAUSTED", `VM ${vmId} has a disk in each of its ${slots} slots`);
  }
  // Before the host has it: an attachment without it would be one that nobody asked for.
  await rememberMountPoint(parts, volume, vmId, mountPoint);
  const attachment = await host.attach({ volumeId, path: volume.path }, vmId, readOnly, signal);
  await parts.inventory.look(volume);
  return attachment;
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

/** A guest knows a disk by ten bytes of its id: two alike would be one to it. */
function requireOwnGuestIdentity({ catalog }: EngineParts, { id }: Volume): void {
  const twin = catalog.sameInGuest(id);
  if (twin === undefined) return;
  throw new StatusError("FAILED_PRECONDITION", `a guest can't tell the disk ${id} from ${twin.path}`);
}

async function rememberMountPoint(
  parts: EngineParts,
  volume: Volume,
  vmId: string,
  mountPoint: string | undefined,
): Promise<void> {
  if (mountPoint === undefined || volume.mountPoints[vmId] === mountPoint) return;
  await saveVolume(parts, { ...volume, mountPoints: { [vmId]: mountPoint } });
}
