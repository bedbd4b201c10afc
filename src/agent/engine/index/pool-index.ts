import { createHash } from "node:crypto";
import { open, readFile, rename, rm, stat } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import { isNotFound } from "../../../kit/errors.ts";
import { type DiskRecord, isDiskRecord } from "../records/record.ts";

/** What was known of one disk file. */
export interface IndexedDisk {
  /** {@link Stamp.text} of the disk; with another one the entry is worth nothing. */
  readonly stamp: string;
  readonly size: bigint;
  readonly type: "fixed" | "dynamic" | "differencing";
  readonly createdAt: number;
  /** Absent where there is none, or none worth keeping. */
  readonly record?: IndexedRecord;
}

/** What was known of the record beside a disk file. */
export interface IndexedRecord {
  /** {@link Stamp.text} of the record's file; with another one the content is worth nothing. */
  readonly stamp: string;
  readonly content: DiskRecord;
}

/** The part of a line behind the name of the file. */
type Entry = [
  stamp: string,
  size: number,
  type: IndexedDisk["type"],
  createdAt: number,
  recordStamp?: string,
  record?: DiskRecord,
];

const types: readonly string[] = ["fixed", "dynamic", "differencing"];
/** Lines that are made or read in one go, so that requests are served in between. */
const BATCH = 2000;
/** A pool of a million volumes has less. */
const LARGEST = 512 * 1024 * 1024;

/** What a pool's index knows, by file name, with the snapshots' directory before it where the file lies there. */
export class PoolIndex {
  /** Entries are taken apart when they are asked for: all at once they would be much garbage. */
  readonly #entries = new Map<string, string>();

  get size(): number {
    return this.#entries.size;
  }

  get(file: string): IndexedDisk | undefined {
    const text = this.#entries.get(file);
    return text === undefined ? undefined : parseEntry(text);
  }

  *[Symbol.iterator](): Generator<[file: string, disk: IndexedDisk | undefined]> {
    for (const file of this.#entries.keys()) yield [file, this.get(file)];
  }

  add(line: string): void {
    // JSON has no tab that is not escaped.
    const end = line.indexOf("\t");
    const file = parsed(line.slice(0, Math.max(end, 0)));
    if (typeof file === "string") this.#entries.set(file, line.slice(end + 1));
  }
}

/**
 * Reads a pool's index: a cache that makes a start fast. What is missing, of another pool or spoiled is an empty one,
 * since every disk can be read instead.
 */
export async function readIndex(path: string, poolId: string): Promise<PoolIndex> {
  const index = new PoolIndex();
  const lines = await readLines(path, poolId);
  let count = 0;
  for (let at = 0; at < lines.length;) {
    const end = lines.indexOf("\n", at);
    index.add(lines.slice(at, end));
    at = end + 1;
    if (++count % BATCH === 0) await setImmediate();
  }
  return index;
}

/** The lines of an index that is whole and of this pool; of any other none. */
async function readLines(path: string, poolId: string): Promise<string> {
  const bytes = await readBytes(path);
  const end = bytes.length < 2 ? 0 : bytes.lastIndexOf("\n", bytes.length - 2) + 1;
  const lines = bytes.subarray(0, end);
  const expected = trailer(poolId, createHash("sha256").update(lines).digest("hex"));
  return bytes.subarray(end).equals(Buffer.from(expected)) ? lines.toString() : "";
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    return (await stat(path)).size > LARGEST ? Buffer.alloc(0) : await readFile(path);
  } catch (error) {
    if (isNotFound(error)) return Buffer.alloc(0);
    throw error;
  }
}

function parseEntry(text: string): IndexedDisk | undefined {
  const entry = parsed(text);
  if (!Array.isArray(entry)) return undefined;
  const [stamp, size, type, createdAt, recordStamp, content] = entry as Entry;
  const isSound =
    typeof stamp === "string" &&
    Number.isSafeInteger(size) &&
    types.includes(type) &&
    Number.isSafeInteger(createdAt);
  if (!isSound) return undefined;
  const disk = { stamp, size: BigInt(size), type, createdAt };
  if (typeof recordStamp !== "string" || !isDiskRecord(content)) return disk;
  return { ...disk, record: { stamp: recordStamp, content } };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function lineOf(file: string, { stamp, size, type, createdAt, record }: IndexedDisk): string {
  const entry: Entry = [stamp, Number(size), type, createdAt];
  if (record !== undefined) entry.push(record.stamp, record.content);
  return `${JSON.stringify(file)}\t${JSON.stringify(entry)}\n`;
}

/** Writes a pool's index. It needs no flush: its checksum tells whether it is whole. */
export async function writeIndex(
  path: string,
  poolId: string,
  disks: Iterable<readonly [file: string, disk: IndexedDisk]>,
): Promise<void> {
  const temporary = `${path}.tmp`;
  const hash = createHash("sha256");
  try {
    const file = await open(temporary, "w", 0o600);
    try {
      let lines = "";
      let count = 0;
      const put = async () => {
        hash.update(lines);
        await file.writeFile(lines);
        lines = "";
        await setImmediate();
      };
      for (const [name, disk] of disks) {
        lines += lineOf(name, disk);
        if (++count % BATCH === 0) await put();
      }
      await put();
      await file.writeFile(trailer(poolId, hash.digest("hex")));
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function trailer(poolId: string, sha256: string): string {
  return `${JSON.stringify({ version: 2, pool: poolId, sha256 })}\n`;
}
