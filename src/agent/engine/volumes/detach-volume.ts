import type { EngineParts } from "../parts.ts";
import { saveVolume } from "./modify-volume.ts";

/** Disconnects a volume from a VM. What the host does not have attached is success: the VM or volume may be gone. */
export async function detachVolume(
  parts: EngineParts,
  vmId: string,
  volumeId: string,
  signal: AbortSignal,
  onlyWhenOff: boolean,
): Promise<void> {
  const { host, catalog, inventory, log } = parts;
  await host.detach({ volumeId, vmId }, signal, onlyWhenOff);
  const volume = catalog.volumes.byId(volumeId);
  if (volume === undefined || volume.fault !== undefined) return;
  const { [vmId]: mountPoint, ...mountPoints } = volume.mountPoints;
  try {
    // What it took while it was in use is known only now.
    if (mountPoint === undefined) await inventory.look(volume);
    else await saveVolume(parts, { ...volume, mountPoints });
  } catch (error) {
    // It is detached, and a pool that is gone must not make that look different.
    log.warn({ err: error, id: volumeId }, "detached, but its file can't be looked at");
  }
}
