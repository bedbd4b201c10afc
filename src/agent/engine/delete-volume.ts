import { rm, unlink } from "node:fs/promises";
import { isNotFound, StatusError } from "../../kit/errors.ts";
import type { EngineParts } from "./parts.ts";

/** Removes the disk before its record, so that what a crash leaves is never a disk that has lost its record. */
export async function deleteVolume(parts: EngineParts, id: string): Promise<void> {
  const { pool, catalog, orphanRecords } = parts;
  const volume = catalog.byId(id);
  if (volume === undefined) {
    await finishDelete(parts, id);
    return;
  }
  const [attachment] = await parts.host.attachmentsOf(id);
  if (attachment !== undefined) {
    throw new StatusError(
      "FAILED_PRECONDITION",
      `volume ${id} is attached to VM ${attachment.vmId}; detach it first`,
    );
  }
  await parts.host.forget(id);
  await unlink(volume.path).catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
  });
  catalog.remove(id);
  const record = pool.recordPath(volume.name, id);
  orphanRecords.set(id, record);
  await finishDelete(parts, id);
}

/** The tail of a delete, also of one that a crash cut short. */
async function finishDelete({ pool, orphanRecords }: EngineParts, id: string): Promise<void> {
  const record = orphanRecords.get(id);
  if (record === undefined) return;
  // The removed disk must not come back after a power cut with its record gone.
  await pool.sync.flush();
  await rm(record, { force: true });
  orphanRecords.delete(id);
}
