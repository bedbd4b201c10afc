import { rm } from "node:fs/promises";
import { StatusError } from "../../../kit/errors.ts";
import { isThere } from "../../../kit/is-there.ts";
import { rename } from "../../../kit/rename.ts";
import { isProtected } from "../labels.ts";
import type { Volume } from "../model.ts";
import type { EngineParts } from "../parts.ts";
import { type Pool, whileWorking } from "../pool/pool.ts";
import { recordOfVolume } from "../records/entries.ts";
import { writeRecord } from "../records/record-file.ts";
import { removeRecord } from "../records/volume-record.ts";
import { refuseMoved, requireArrived, requireOwnDisk } from "./known-volume.ts";

/**
 * Removes a volume, or puts it aside for as long as deleted volumes are kept. One that is not there is deleted already;
 * a disk that is not served is none.
 */
export async function deleteVolume(parts: EngineParts, id: string): Promise<void> {
  const { pools, host, catalog, inventory, settings } = parts;
  const volume = catalog.volumes.byId(id);
  if (volume === undefined) {
    catalog.refuseLeftAlone(id);
    pools.requireAllSeen();
    return;
  }
  if (isProtected(volume.attributes)) {
    throw new StatusError(
      "FAILED_PRECONDITION",
      `volume ${id} is protected: set deleteProtection to false first`,
    );
  }
  const [attachment] = await host.attachmentsOf(id);
  if (attachment !== undefined) {
    throw new StatusError(
      "FAILED_PRECONDITION",
      `volume ${id} is attached to VM ${attachment.vmId}; detach it first`,
    );
  }
  requireArrived(parts, id);
  const pool = await pools.present(volume.pool);
  await whileWorking(pool, [id], async () => {
    // Also of one whose disk was missing: it may be back by now.
    await removeDisk(parts, pool, volume, settings.retentionMs > 0);
    // It must not come back after a power cut: the volume is known until that is sure.
    await pool.sync.flush();
    inventory.removeVolume(id);
    await rm(pool.layout.gone(id), { force: true });
  });
}

/** Takes a disk out of the pool; from then on it is deleted, and a start finishes what is left. */
async function removeDisk(parts: EngineParts, pool: Pool, volume: Volume, keep: boolean): Promise<void> {
  const { id, name, path } = volume;
  // Somebody may have removed the disk before us.
  const isLeft = await isThere(path);
  if (isLeft) await requireOwnDisk(parts, volume);
  else await refuseMoved(parts, volume);
  await parts.host.forget(id);
  if (!isLeft) {
    await removeRecord(volume);
    return;
  }
  if (keep) {
    const record = recordOfVolume(volume);
    await writeRecord(pool.layout.deletedRecord(id), {
      version: 1,
      kind: "deleted",
      id,
      name,
      deletedAt: Date.now(),
      ...(record === undefined ? {} : { record }),
    });
  }
  await rename(path, keep ? pool.layout.deletedDisk(id) : pool.layout.gone(id));
  await removeRecord(volume);
}
