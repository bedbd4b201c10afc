import { readdir, rm, stat, unlink } from "node:fs/promises";
import { StatusError } from "../../../kit/errors.ts";
import { ifThere } from "../../../kit/if-there.ts";
import { isThere } from "../../../kit/is-there.ts";
import { rename } from "../../../kit/rename.ts";
import { readIdentity } from "../../../vhdx/index.ts";
import type { DeletedVolume, Volume } from "../model.ts";
import type { EngineParts } from "../parts.ts";
import { parseTemporaryFile } from "../pool/layout.ts";
import { type Pool, whileWorking } from "../pool/pool.ts";
import { claimRoom } from "../pool/room.ts";
import { volumeOf } from "../records/entries.ts";
import { readRecord } from "../records/record-file.ts";
import type { DeletedRecord } from "../records/record.ts";
import { saveRecord } from "../records/volume-record.ts";
import { quoted } from "./known-volume.ts";

/** Volumes that were deleted and are still kept, in all pools that are there. */
export async function listDeletedVolumes({ pools, settings }: EngineParts): Promise<DeletedVolume[]> {
  const lists = await Promise.all(pools.open().map((pool) => deletedIn(pool)));
  return lists.flat().map(({ pool, record }) => ({
    id: record.id,
    name: record.name,
    pool: pool.name,
    deletedAt: record.deletedAt,
    keptUntil: record.deletedAt + settings.retentionMs,
  }));
}

interface Deleted {
  readonly pool: Pool;
  readonly record: DeletedRecord;
}

async function deletedIn(pool: Pool): Promise<Deleted[]> {
  const deleted: Deleted[] = [];
  for (const fileName of await readdir(pool.layout.deleted)) {
    const file = parseTemporaryFile(fileName);
    if (file?.kind !== "disk") continue;
    const record = await recordOf(pool, file.id);
    if (record !== undefined) deleted.push({ pool, record });
  }
  return deleted;
}

async function recordOf({ layout }: Pool, id: string): Promise<DeletedRecord | undefined> {
  const record = await readRecord(layout.deletedRecord(id), "deleted");
  return record === "damaged" || record?.id !== id ? undefined : record;
}

/** Brings a deleted volume back, as it was. */
export async function restoreVolume(parts: EngineParts, id: string): Promise<Volume> {
  const { pools, catalog, inventory } = parts;
  const present = catalog.volumes.byId(id);
  if (present !== undefined) return present;
  const deleted = (await Promise.all(pools.open().map((pool) => deletedIn(pool)))).flat();
  const found = deleted.find(({ record }) => record.id === id);
  if (found === undefined) {
    throw new StatusError(
      "NOT_FOUND",
      `volume ${quoted(id)} is not among those that are kept after their deletion`,
    );
  }
  const { pool, record } = found;
  if (catalog.volumes.byName(record.name) !== undefined) {
    throw new StatusError("ALREADY_EXISTS", `another volume is named ${record.name} by now`);
  }
  catalog.refuseLeftAlone(record.name);
  const from = pool.layout.deletedDisk(id);
  const fileName = record.record?.name ?? record.name;
  const path = pool.layout.disk(fileName, id);
  const disk = await readIdentity(from);
  const { birthtimeMs } = await stat(from);
  const createdAt = record.record?.createdAt ?? Math.floor(birthtimeMs);
  const volume = volumeOf(
    pool.name,
    { id, name: fileName, size: disk.virtualSize, type: disk.type, path, createdAt },
    record.record,
  );
  await claimWhatIsLeft(parts, volume, from);
  await whileWorking(pool, [id], async () => {
    try {
      // A record beside a disk that is still put aside is removed by a start: the rename is what brings it back.
      await saveRecord(pool, volume);
      await rename(from, path);
      await pool.sync.flush().catch(async (error: unknown) => {
        await rename(path, from);
        throw error;
      });
    } catch (error) {
      // One that can't be put aside again is back.
      if (await isThere(path)) await inventory.putVolume(volume);
      else forgetClaim(parts, id);
      throw error;
    }
    await rm(pool.layout.deletedRecord(id), { force: true });
  });
  return await inventory.putVolume(volume);
}

/** Claims what the disk has yet to take: what it takes already is no part of what is free. */
async function claimWhatIsLeft(parts: EngineParts, volume: Volume, path: string): Promise<void> {
  try {
    await parts.inventory.ledger.look(volume.id, path);
    await claimRoom(parts, volume.pool, volume);
  } catch (error) {
    forgetClaim(parts, volume.id);
    throw error;
  }
}

function forgetClaim({ inventory }: EngineParts, id: string): void {
  inventory.claims.delete(id);
  inventory.ledger.delete(id);
}

/** Removes what was kept long enough. @param now milliseconds since 1970, by a clock that does not jump. */
export async function removeExpired({ pools, settings, log }: EngineParts, now: number): Promise<void> {
  for (const pool of pools.open()) {
    // What can't be removed or looked at keeps nothing else.
    const deleted = await deletedIn(pool).catch((error: unknown) => {
      log.warn({ err: error, pool: pool.name }, "deleted volumes could not be looked at");
      return [];
    });
    for (const { record } of deleted) {
      if (now < record.deletedAt + settings.retentionMs) continue;
      const { id, name } = record;
      try {
        await removeForGood(pool, id);
        log.info({ id, name }, "removed for good: a deleted volume");
      } catch (error) {
        log.warn({ err: error, id, name, pool: pool.name }, "a deleted volume could not be removed for good");
      }
    }
  }
}

async function removeForGood({ layout }: Pool, id: string): Promise<void> {
  await ifThere(unlink(layout.deletedDisk(id)));
  await ifThere(unlink(layout.deletedRecord(id)));
}
