import { createHash } from "node:crypto";
import { open, readFile, rm, stat } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import { isNotFound } from "../../../kit/errors.ts";
import { rename } from "../../../kit/rename.ts";
import type { Said } from "../records/record.ts";

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
  /** {@link Stamp.text} of the record's file; with another one it is worth nothing. */
  readonly stamp: string;
  readonly said: Said;
}

/** The part of a line behind the name of the file. */
type Entry = [
  stamp: string,
  size: number,
  type: IndexedDisk["type"],
  createdAt: number,
  recordStamp?: string,
  said?: Said,
];

const types: readonly string[] = ["fixed", "dynamic", "differencing"];
/** Lines that are made or read in one go, so that requests are served in between. */
const BATCH = 2000;
const NOTHING = Buffer.alloc(0);
/** A pool of a million volumes has less. */
const LARGEST = 512 * 1024 * 1024;

/** What a pool's index knows, by file name, with the snapshots' directory before it where the file lies there. */
export class PoolIndex {
  readonly #lines: Buffer;
  /** Where each entry begins. It is taken apart when it is asked for: all at once they would be much garbage. */
  readonly #places = new Map<string, number>();

  constructor(lines: Buffer) {
    this.#lines = lines;
  }

  get size(): number {
    return this.#places.size;
  }

  get(file: string): IndexedDisk | undefined {
    const place = this.#places.get(file);
    return place === undefined ? undefined : parseEntry(this.#text(place, this.#lines.indexOf("\n", place)));
  }

  *[Symbol.iterator](): Generator<[file: string, disk: IndexedDisk | undefined]> {
    for (const file of this.#places.keys()) yield [file, this.get(file)];
  }

  /** Finds the lines. */
  async read(): Promise<void> {
    let count = 0;
    for (let at = 0; at < this.#lines.length; at = this.#lines.indexOf("\n", at) + 1) {
      // JSON has no tab that is not escaped.
      const end = this.#lines.indexOf("\t", at);
      const file = parsed(this.#text(at, end));
      if (typeof file === "string") this.#places.set(file, end + 1);
      if (++count % BATCH === 0) await setImmediate();
    }
  }

  #text(begin: number, end: number): string {
    return this.#lines.toString("utf8", begin, Math.max(begin, end));
  }
}

/**
 * Reads a pool's index: a cache that makes a start fast. What is missing, of another pool or spoiled is an empty one,
 * since every disk can be read instead.
 */
export async function readIndex(path: string, poolId: string): Promise<PoolIndex> {
  const index = new PoolIndex(await readLines(path, poolId));
  await index.read();
  return index;
}

/** The lines of an index that is whole and of this pool; of any other none. */
async function readLines(path: string, poolId: string): Promise<Buffer> {
  const bytes = await readBytes(path);
  const end = bytes.length < 2 ? 0 : bytes.lastIndexOf("\n", bytes.length - 2) + 1;
  const lines = bytes.subarray(0, end);
  const expected = trailer(poolId, createHash("sha256").update(lines).digest("hex"));
  return bytes.subarray(end).equals(Buffer.from(expected)) ? lines : NOTHING;
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    return (await stat(path)).size > LARGEST ? NOTHING : await readFile(path);
  } catch (error) {
    if (isNotFound(error)) return NOTHING;
    throw error;
  }
}

function parseEntry(text: string): IndexedDisk | undefined {
  const entry = parsed(text);
  if (!Array.isArray(entry)) return undefined;
  const [stamp, size, type, createdAt, recordStamp, said] = entry as Entry;
  const isSound =
    typeof stamp === "string" &&
    Number.isSafeInteger(size) &&
    types.includes(type) &&
    Number.isSafeInteger(createdAt);
  if (!isSound) return undefined;
  const disk = { stamp, size: BigInt(size), type, createdAt };
  if (typeof recordStamp !== "string" || typeof said !== "object") return disk;
  return { ...disk, record: { stamp: recordStamp, said } };
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
  if (record !== undefined) entry.push(record.stamp, record.said);
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
  return `${JSON.stringify({ version: 3, pool: poolId, sha256 })}\n`;
}
