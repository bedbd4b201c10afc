import { readdir, readFile, unlink } from "node:fs/promises";
import { join } from "node:path";
import { isNotFound } from "../../../kit/errors.ts";
import type { Log } from "../../../kit/log.ts";
import { rename } from "../../../kit/rename.ts";
import { parseDiskFile } from "../names.ts";
import { parseTemporaryFile } from "../pool/layout.ts";
import type { Pool } from "../pool/pool.ts";
import { readRecord } from "../records/record-file.ts";
import { parseRecord, type SnapshotRecord, type VolumeRecord } from "../records/record.ts";

type Intent = VolumeRecord | SnapshotRecord;

/**
 * Ends what a crash cut short: a change whose disk has its place is finished, any other never happened. Nobody was told
 * of those, so nothing is lost. What is not ours in the temporary directory stays.
 */
export async function settleTemporary(pool: Pool, log: Log): Promise<void> {
  const files = (await readdir(pool.layout.temporary)).flatMap((name) => parseTemporaryFile(name) ?? []);
  const deleted = await settleDeleted(pool);
  if (files.length === 0 && deleted.size === 0) return;
  const volumes = await disksIn(pool.layout.directory);
  const snapshots = await disksIn(pool.layout.snapshots);
  for (const { id, kind } of files) {
    if (kind === "intent") await settleIntent(pool, id, volumes.has(id) || snapshots.has(id), log);
  }
  for (const { id, kind } of files) {
    if (kind === "disk") await settleDisk(pool, id, log);
  }
  const gone = files.filter(({ kind }) => kind === "gone").map(({ id }) => id);
  const removed = new Set([...gone, ...deleted]);
  if (removed.size > 0) await removeRecordsOf(pool, removed);
  await pool.sync.flush();
  await pool.snapshotSync.flush();
  for (const id of gone) await unlink(pool.layout.gone(id));
}

/** Ids of the disks in a directory. */
async function disksIn(directory: string): Promise<Set<string>> {
  const files = (await readdir(directory)).flatMap((name) => parseDiskFile(name) ?? []);
  return new Set(files.filter(({ kind }) => kind === "disk").map(({ id }) => id));
}

async function settleIntent(pool: Pool, id: string, isInPlace: boolean, log: Log): Promise<void> {
  const path = pool.layout.intent(id);
  const intent = await readIntent(path);
  if (intent === undefined) {
    // It was flushed before its disk got a name: this one never was an intent.
    log.warn({ path }, "removed: an intent that was not written to its end");
    await unlink(path);
    return;
  }
  const place = placesOf(pool, intent);
  if (isInPlace) {
    await rename(path, place.record);
  } else if (intent.kind === "snapshot" && (await isCommitted(pool, intent))) {
    await rename(pool.layout.temporaryDisk(id), place.disk);
    await rename(path, place.record);
  } else {
    log.info({ id, name: intent.name }, `rolled back: a ${intent.kind} that was not finished`);
    await unlink(path);
  }
}

async function readIntent(path: string): Promise<Intent | undefined> {
  const record = parseRecord(await readFile(path, "utf8"));
  return record?.kind === "volume" || record?.kind === "snapshot" ? record : undefined;
}

function placesOf({ layout }: Pool, { kind, name, id }: Intent): { disk: string; record: string } {
  return kind === "volume"
    ? { disk: layout.disk(name, id), record: layout.record(name, id) }
    : { disk: layout.snapshotDisk(name, id), record: layout.snapshotRecord(name, id) };
}

/** The snapshots of a group exist from the moment the group's record does. */
async function isCommitted(pool: Pool, { id, groupId }: SnapshotRecord): Promise<boolean> {
  if (groupId === undefined) return false;
  const group = await readRecord(pool.layout.groupRecord(groupId), "group");
  return group !== undefined && group !== "damaged" && group.snapshotIds.includes(id);
}

async function settleDisk(pool: Pool, id: string, log: Log): Promise<void> {
  const path = pool.layout.temporaryDisk(id);
  try {
    await unlink(path);
    log.info({ path }, "removed: a disk that was not finished");
  } catch (error) {
    // It got its place just now.
    if (!isNotFound(error)) throw error;
  }
}

/** Ids of the volumes that are kept after their deletion. One whose disk never got there was not deleted. */
async function settleDeleted({ layout }: Pool): Promise<Set<string>> {
  const files = (await readdir(layout.deleted)).flatMap((name) => parseTemporaryFile(name) ?? []);
  const disks = new Set(files.filter(({ kind }) => kind === "disk").map(({ id }) => id));
  for (const { id, kind } of files) {
    if (kind === "intent" && !disks.has(id)) await unlink(layout.deletedRecord(id));
  }
  return disks;
}

async function removeRecordsOf(pool: Pool, ids: ReadonlySet<string>): Promise<void> {
  for (const directory of [pool.layout.directory, pool.layout.snapshots]) {
    for (const fileName of await readdir(directory)) {
      const file = parseDiskFile(fileName);
      if (file?.kind === "record" && ids.has(file.id)) await unlink(join(directory, fileName));
    }
  }
}
