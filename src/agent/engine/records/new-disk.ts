import { rm } from "node:fs/promises";
import type { DirectorySync } from "../pool/directory-sync.ts";
import { type Pool, whileWorking } from "../pool/pool.ts";
import { writeRecord } from "./record-file.ts";
import type { SnapshotRecord, VolumeRecord } from "./record.ts";
import { rename } from "../../../kit/rename.ts";
import { ifThere } from "../../../kit/if-there.ts";

/** Where a new disk is made, and where it goes. */
export interface NewDisk {
  readonly id: string;
  readonly pool: Pool;
  readonly temporary: string;
  readonly intent: string;
  readonly disk: string;
  readonly record: string;
  readonly sync: DirectorySync;
}

export function newVolumeDisk(pool: Pool, name: string, id: string): NewDisk {
  const { layout, sync } = pool;
  return { ...newDisk(pool, id), disk: layout.disk(name, id), record: layout.record(name, id), sync };
}

export function newSnapshotDisk(pool: Pool, name: string, id: string): NewDisk {
  const { layout, snapshotSync: sync } = pool;
  return {
    ...newDisk(pool, id),
    disk: layout.snapshotDisk(name, id),
    record: layout.snapshotRecord(name, id),
    sync,
  };
}

function newDisk(pool: Pool, id: string) {
  const { layout } = pool;
  return { id, pool, temporary: layout.temporaryDisk(id), intent: layout.intent(id) };
}

/**
 * Brings a disk into being, durably: `make` writes and flushes it under its temporary name, then it gets its place and
 * the intent becomes its record. Until it has its place it does not exist, and a start after a crash removes it; from
 * then on the start finishes what is left. On failure nothing stays.
 */
export async function bringIn(
  disk: NewDisk,
  record: VolumeRecord | SnapshotRecord | undefined,
  make: (temporary: string) => Promise<void>,
): Promise<void> {
  await whileWorking(disk.pool, [disk.id], async () => {
    try {
      if (record !== undefined) await writeRecord(disk.intent, record);
      await make(disk.temporary);
      await settle(disk, record !== undefined);
      await disk.sync.flush();
    } catch (error) {
      await discard(disk);
      throw error;
    }
  });
}

/** Gives a finished disk its place, and its record after it. */
export async function settle(
  { temporary, intent, disk, record }: NewDisk,
  hasRecord: boolean,
): Promise<void> {
  await rename(temporary, disk);
  if (hasRecord) await rename(intent, record);
}

/**
 * Undoes `bringIn` of a disk with a record that nobody was told of. Cut short, a start finds it there or undone, and it can
 * be asked for again.
 */
export async function takeBack(disk: NewDisk): Promise<void> {
  await whileWorking(disk.pool, [disk.id], async () => {
    await ifThere(rename(disk.record, disk.intent));
    await ifThere(rename(disk.disk, disk.temporary));
    await discard(disk);
    await disk.sync.flush();
  });
}

/** Removes all there may be of a disk that nobody was told of, so that nobody can have written to it. */
export async function discard({ temporary, intent, disk, record }: NewDisk): Promise<void> {
  await Promise.all([temporary, disk, intent, record].map((file) => rm(file, { force: true })));
}
