import { unlink } from "node:fs/promises";
import { isNotFound, StatusError } from "../../kit/errors.ts";
import type { EngineParts } from "./parts.ts";

/** Removes a volume's disk. A volume that is not there is deleted already; a disk that is not served is none. */
export async function deleteVolume({ pool, host, catalog }: EngineParts, id: string): Promise<void> {
  const volume = catalog.byId(id);
  if (volume === undefined) {
    catalog.refuseLeftAlone(id);
    return;
  }
  const [attachment] = await host.attachmentsOf(id);
  if (attachment !== undefined) {
    throw new StatusError(
      "FAILED_PRECONDITION",
      `volume ${id} is attached to VM ${attachment.vmId}; detach it first`,
    );
  }
  await host.forget(id);
  await unlink(volume.path).catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
  });
  // It must not come back after a power cut: the volume is known until that is sure.
  await pool.sync.flush();
  catalog.remove(id);
}
