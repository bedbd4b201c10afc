import { readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "../../kit/log.ts";
import { readIdentity, scsiPage83 } from "../../vhdx/index.ts";
import { Catalog } from "./catalog.ts";
import type { Volume } from "./engine.ts";
import { parseVolumeFile, type VolumeFileName } from "./names.ts";
import { TEMPORARY_DIRECTORY, type Pool } from "./pool.ts";
import { decodeRecord } from "./record.ts";

/** Disks read at once when a pool is opened. */
const READS_AT_ONCE = 32;

const OWN_TEMPORARY = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.(vhdx|json)$/;

export interface PoolContent {
  readonly catalog: Catalog;
  readonly orphanRecords: Map<string, string>;
}

/** Ends what a crash cut short, then reads which volumes the pool holds. The caller holds the pool's lock. */
export async function recoverPool(pool: Pool, log: Log): Promise<PoolContent> {
  const files = await volumeFiles(pool);
  await finishCreates(pool, files);
  const disks = files.filter(({ kind }) => kind === "vhdx");
  const diskIds = new Set(disks.map(({ id }) => id));
  const orphans = files.filter(({ kind, id }) => kind === "json" && !diskIds.has(id));
  const volumes = await inParallel(disks, (file) => readVolume(pool, file, log));
  return {
    catalog: new Catalog(withoutConflicts(volumes, log)),
    orphanRecords: new Map(orphans.map(({ name, id }) => [id, pool.recordPath(name, id)])),
  };
}

async function volumeFiles(pool: Pool): Promise<VolumeFileName[]> {
  const names = await readdir(pool.directory);
  return names.flatMap((name) => parseVolumeFile(name) ?? []);
}

/** A temporary record whose disk has its name belongs to a create that reached its end; all else never existed. */
async function finishCreates(pool: Pool, files: VolumeFileName[]): Promise<void> {
  const directory = join(pool.directory, TEMPORARY_DIRECTORY);
  for (const fileName of await readdir(directory)) {
    if (!OWN_TEMPORARY.test(fileName)) continue;
    const path = join(directory, fileName);
    const disk = files.find(({ id, kind }) => kind === "vhdx" && fileName === `${id}.json`);
    if (disk === undefined) await rm(path);
    else await rename(path, pool.recordPath(disk.name, disk.id));
  }
  await pool.sync.flush();
}

async function readVolume(pool: Pool, file: VolumeFileName, log: Log): Promise<Volume | undefined> {
  const path = pool.diskPath(file.name, file.id);
  try {
    const disk = await readIdentity(path);
    if (disk.virtualDiskId !== file.id) {
      log.warn({ path, virtualDiskId: disk.virtualDiskId }, "not a volume: its name and its disk id differ");
      return undefined;
    }
    const record = decodeRecord(await readFile(pool.recordPath(file.name, file.id), "utf8").catch(() => ""));
    const requestedSize = record === undefined ? undefined : BigInt(record.requestedSize);
    return { id: file.id, name: file.name, size: disk.virtualSize, type: disk.type, path, requestedSize };
  } catch (error) {
    log.warn({ path, err: error }, "not a volume: the disk can't be read");
    return undefined;
  }
}

/** Leaves out every disk whose id, guest-visible id or name another disk has: which one is meant can't be known. */
function withoutConflicts(read: (Volume | undefined)[], log: Log): Volume[] {
  const volumes = read.filter((volume) => volume !== undefined);
  const owners = new Map<string, number>();
  const keys = ({ id, name }: Volume) => [`page 83 ${scsiPage83(id)}`, `name ${name}`];
  for (const key of volumes.flatMap(keys)) owners.set(key, (owners.get(key) ?? 0) + 1);
  return volumes.filter((volume) => {
    const shared = keys(volume).find((key) => owners.get(key) !== 1);
    if (shared !== undefined)
      log.error({ path: volume.path, shared }, "two disks share an identity: both are left alone");
    return shared === undefined;
  });
}

async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: READS_AT_ONCE }, worker));
  return results;
}
