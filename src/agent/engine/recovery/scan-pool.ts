import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "../../../kit/log.ts";
import type { DiskReader } from "../../hosts/host.ts";
import type { LeftAlone, PlacedGroup, PoolContents } from "../catalog/catalog.ts";
import { type IndexedRecord, type PoolIndex, readIndex } from "../index/pool-index.ts";
import type { Ledger } from "../index/ledger.ts";
import type { Stamp } from "../index/stamp.ts";
import { type DiskFileName, parseDiskFile } from "../names.ts";
import { parseGroupFile } from "../pool/layout.ts";
import type { Pool } from "../pool/pool.ts";
import { readRecord } from "../records/record-file.ts";
import { type DiskRecord, recordSaying, type SnapshotRecord, type VolumeRecord } from "../records/record.ts";
import { inParallel } from "./in-parallel.ts";
import { lookAtFiles } from "./look-at-files.ts";
import { type FoundDisk, indexKey, readDisk } from "./read-disk.ts";
import { snapshotOf, volumeOf, volumeWithoutDisk } from "../records/entries.ts";

/** What a directory of a pool holds, by file name. */
interface Listing {
  readonly disks: ReadonlyMap<string, DiskFileName>;
  /** File names of records by the id in them. */
  readonly records: ReadonlyMap<string, string>;
}

/**
 * Reads what a pool holds. Files that are not ours are not looked at; what is not sound is left alone and told.
 * @param read for the disks that the index does not know as they are now
 * @throws StatusError UNAVAILABLE while the host can't be asked for those that VMs may have
 */
export async function scanPool(
  pool: Pool,
  ledger: Ledger,
  read: DiskReader,
  log: Log,
): Promise<PoolContents> {
  const leftAlone: LeftAlone[] = [];
  const leave = (path: string, { id, name }: DiskFileName, reason: string) => {
    log.warn({ path }, `left alone: ${reason}`);
    leftAlone.push({ pool: pool.name, id, name, path, reason });
  };
  const index = await readIndex(pool.layout.index, pool.id);
  const { directory, snapshots } = pool.layout;
  const volumes = await scanDirectory(directory, "volume", index, read, leave);
  const copies = await scanDirectory(snapshots, "snapshot", index, read, leave);
  const groups = await readGroups(pool);
  for (const { disk, recordStamp } of [...volumes.found, ...copies.found]) {
    ledger.set(disk.id, { text: disk.stamp, allocated: disk.allocated }, recordStamp);
  }
  return {
    volumes: [
      ...volumes.found.map(({ disk, record }) => volumeOf(pool.name, disk, record)),
      ...volumes.recordsAlone.map((record) => volumeWithoutDisk(pool, record)),
    ],
    snapshots: copies.found.map(({ disk, record }) => snapshotOf(pool.name, disk, record)),
    groups,
    leftAlone,
    arrivals: volumes.found.flatMap(({ disk, record }) =>
      record?.movedFrom === undefined
        ? []
        : { from: record.movedFrom, copy: volumeOf(pool.name, disk, record) },
    ),
  };
}

type Leave = (path: string, file: DiskFileName, reason: string) => void;

interface Found<R> {
  readonly found: {
    readonly disk: FoundDisk;
    readonly record: R | undefined;
    readonly recordStamp: string | undefined;
  }[];
  readonly recordsAlone: R[];
}

async function scanDirectory<K extends "volume" | "snapshot">(
  directory: string,
  kind: K,
  index: PoolIndex,
  read: DiskReader,
  leave: Leave,
): Promise<Found<K extends "volume" ? VolumeRecord : SnapshotRecord>>;
async function scanDirectory(
  directory: string,
  kind: "volume" | "snapshot",
  index: PoolIndex,
  read: DiskReader,
  leave: Leave,
): Promise<Found<VolumeRecord | SnapshotRecord>> {
  const { disks, records } = listed(await readdir(directory));
  const pairs = [...disks].map(([fileName, file]) => ({ fileName, file, recordFile: records.get(file.id) }));
  const looks = await lookAtFiles(
    directory,
    pairs.flatMap(({ fileName, recordFile }) => [fileName, recordFile ?? ""]),
  );
  const entries = await inParallel([...pairs.entries()], async ([place, { fileName, file, recordFile }]) => {
    const known = index.get(indexKey(directory, fileName));
    const disk = await readDisk(directory, fileName, file, known, looks(2 * place), read);
    if (typeof disk === "string") {
      leave(join(directory, fileName), file, disk);
      return undefined;
    }
    if (recordFile === undefined) return { disk, record: undefined, recordStamp: undefined };
    const stamp = looks(2 * place + 1);
    const record =
      fromIndex(known?.record, { ...file, kind }, stamp) ??
      (await readRecord(join(directory, recordFile), kind));
    if (record !== "damaged" && (record === undefined || record.id === file.id)) {
      return { disk, record, recordStamp: stamp?.text };
    }
    leave(join(directory, fileName), file, `its record, ${recordFile}, can't be read`);
    return undefined;
  });
  const ids = new Set([...disks.values()].map(({ id }) => id));
  const alone = await inParallel(
    [...records].filter(([id]) => !ids.has(id)),
    async ([id, fileName]) => {
      const record = await readRecord(join(directory, fileName), kind);
      return record !== "damaged" && record?.id === id ? record : undefined;
    },
  );
  return {
    found: entries.filter((entry) => entry !== undefined),
    recordsAlone: alone.filter((record) => record !== undefined),
  };
}

/** A record as the index has it, while its file is as it was then. */
function fromIndex(
  known: IndexedRecord | undefined,
  file: Pick<DiskRecord, "kind" | "id" | "name">,
  stamp: Stamp | undefined,
): DiskRecord | undefined {
  if (known === undefined || known.stamp !== stamp?.text) return undefined;
  return recordSaying(known.said, file);
}

function listed(fileNames: readonly string[]): Listing {
  const disks = new Map<string, DiskFileName>();
  const records = new Map<string, string>();
  for (const fileName of fileNames) {
    const file = parseDiskFile(fileName);
    if (file?.kind === "disk") disks.set(fileName, file);
    else if (file?.kind === "record") records.set(file.id, fileName);
  }
  return { disks, records };
}

async function readGroups(pool: Pool): Promise<PlacedGroup[]> {
  const files = (await readdir(pool.layout.snapshots)).flatMap((fileName) => parseGroupFile(fileName) ?? []);
  const served = files.filter(({ isGone }) => !isGone);
  const groups = await inParallel(served, async ({ id }) => {
    const record = await readRecord(pool.layout.groupRecord(id), "group");
    return record !== undefined && record !== "damaged" && record.id === id ? record : undefined;
  });
  return groups.flatMap((record) => (record === undefined ? [] : { ...record, pool: pool.name }));
}
