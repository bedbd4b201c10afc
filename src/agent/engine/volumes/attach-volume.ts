import { StatusError } from "../../../kit/errors.ts";
import type { Attachment } from "../../hosts/host.ts";
import type { Volume } from "../model.ts";
import type { EngineParts } from "../parts.ts";
import { requireOwnDisk, servedVolume } from "./known-volume.ts";
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
  const volume = await servedVolume(parts, volumeId);
  const attachment = await parts.host.attach({ volumeId, path: volume.path }, vmId, readOnly, signal, {
    attributes: volume.attributes,
    before: async () => {
      await requireOwnDisk(parts, volume);
      requireOwnGuestIdentity(parts, volume);
      // Before the host has it: an attachment without it would be one that nobody asked for.
      await rememberMountPoint(parts, volume, vmId, mountPoint);
    },
  });
  await rememberMountPoint(parts, parts.catalog.volumes.byId(volumeId) ?? volume, vmId, mountPoint);
  await parts.inventory.look(volume);
  return attachment;
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
