import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "../../kit/log.ts";
import { readIdentity, scsiPage83 } from "../../vhdx/index.ts";
import { Catalog, type LeftAlone } from "./catalog.ts";
import type { Volume } from "./engine.ts";
import { parseVolumeFile, type VolumeFileName } from "./names.ts";
import { TEMPORARY_DIRECTORY, type Pool } from "./pool.ts";

/** Disks read at once when a pool is opened. */
const READS_AT_ONCE = 32;

const OWN_TEMPORARY = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.vhdx$/;

/** Ends what a crash cut short, then reads which volumes the pool holds. The caller holds the pool's lock. */
export async function recoverPool(pool: Pool, log: Log): Promise<Catalog> {
  await removeUnfinished(pool);
  const fileNames = await readdir(pool.directory);
  const leftAlone: LeftAlone[] = [];
  const leave = (disk: VolumeFile, reason: string, details?: object) => {
    log.warn({ path: disk.path, ...details }, `left alone: ${reason}`);
    leftAlone.push({ id: disk.id, name: disk.name, path: disk.path, reason });
  };
  const volumes = await inParallel(fileNames, (fileName) => readVolume(pool, fileName, leave));
  return new Catalog(withoutConflicts(volumes, leave), leftAlone);
}

interface VolumeFile extends VolumeFileName {
  readonly path: string;
}

type Leave = (disk: VolumeFile, reason: string, details?: object) => void;

/** A disk under its temporary name never became a volume: nobody was told of it. */
async function removeUnfinished(pool: Pool): Promise<void> {
  const directory = join(pool.directory, TEMPORARY_DIRECTORY);
  for (const fileName of await readdir(directory)) {
    if (OWN_TEMPORARY.test(fileName)) await rm(join(directory, fileName));
  }
}

async function readVolume(pool: Pool, fileName: string, leave: Leave): Promise<Volume | undefined> {
  const file = parseVolumeFile(fileName);
  if (file === undefined) return undefined;
  // As it is spelled: Windows writes GUIDs in upper case.
  const path = join(pool.directory, fileName);
  try {
    const disk = await readIdentity(path);
    if (disk.virtualDiskId === file.id) {
      return { id: file.id, name: file.name, size: disk.virtualSize, type: disk.type, path };
    }
    leave({ ...file, path }, `its name and its id, ${disk.virtualDiskId}, differ`);
  } catch (error) {
    leave({ ...file, path }, "the disk can't be read", { err: error });
  }
  return undefined;
}

/** Leaves out every disk whose id, guest-visible id or name another disk has: which one is meant can't be known. */
function withoutConflicts(read: (Volume | undefined)[], leave: Leave): Volume[] {
  const volumes = read.filter((volume) => volume !== undefined);
  const owners = new Map<string, number>();
  const keys = ({ id, name }: Volume) => [`page 83 ${scsiPage83(id)}`, `name ${name}`];
  for (const key of volumes.flatMap(keys)) owners.set(key, (owners.get(key) ?? 0) + 1);
  return volumes.filter((volume) => {
    const shared = keys(volume).find((key) => owners.get(key) !== 1);
    if (shared !== undefined) leave(volume, `another disk has the same identity, ${shared}`);
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
