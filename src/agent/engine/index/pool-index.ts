import { createHash } from "node:crypto";
import { open, readFile, rename, rm, stat } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import { isNotFound } from "../../../kit/errors.ts";

/** What was known of one disk file. */
export interface IndexedDisk {
  /** {@link Stamp.text} of the disk; with another one the entry is worth nothing. */
  readonly stamp: string;
  readonly size: bigint;
  readonly type: "fixed" | "dynamic" | "differencing";
  readonly createdAt: number;
}

/** By file name, with the snapshots' directory before it where the file lies there. */
export type PoolIndex = ReadonlyMap<string, IndexedDisk>;

type Line = [file: string, stamp: string, size: number, type: IndexedDisk["type"], createdAt: number];

const types: readonly string[] = ["fixed", "dynamic", "differencing"];
/** Lines that are made or read in one go, so that requests are served in between. */
const BATCH = 2000;
/** A pool of a million volumes has less. */
const LARGEST = 512 * 1024 * 1024;

/**
 * Reads a pool's index: a cache that makes a start fast. What is missing, of another pool or spoiled is an empty one,
 * since every disk can be read instead.
 */
export async function readIndex(path: string, poolId: string): Promise<PoolIndex> {
  const index = new Map<string, IndexedDisk>();
  const text = await readText(path);
  const end = text.lastIndexOf("\n", text.length - 2) + 1;
  const lines = text.slice(0, end);
  if (text.slice(end) !== trailer(poolId, createHash("sha256").update(lines).digest("hex"))) return index;
  let count = 0;
  for (const line of lines.split("\n")) {
    if (line === "") continue;
    const entry = parseLine(line);
    if (entry === undefined) return new Map();
    index.set(...entry);
    if (++count % BATCH === 0) await setImmediate();
  }
  return index;
}

async function readText(path: string): Promise<string> {
  try {
    return (await stat(path)).size > LARGEST ? "" : await readFile(path, "utf8");
  } catch (error) {
    if (isNotFound(error)) return "";
    throw error;
  }
}

function parseLine(line: string): [string, IndexedDisk] | undefined {
  try {
    const [file, stamp, size, type, createdAt] = JSON.parse(line) as Line;
    const isSound =
      typeof file === "string" &&
      typeof stamp === "string" &&
      Number.isSafeInteger(size) &&
      types.includes(type) &&
      Number.isSafeInteger(createdAt);
    return isSound ? [file, { stamp, size: BigInt(size), type, createdAt }] : undefined;
  } catch {
    return undefined;
  }
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
      for (const [name, { stamp, size, type, createdAt }] of disks) {
        lines += `${JSON.stringify([name, stamp, Number(size), type, createdAt] satisfies Line)}\n`;
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
  return `${JSON.stringify({ version: 1, pool: poolId, sha256 })}\n`;
}
