import { createHash, randomBytes } from "node:crypto";
import { open, statfs } from "node:fs/promises";
import { join } from "node:path";
import { MiB } from "../../src/kit/sizes.ts";
import { run } from "../../src/kit/run.ts";
import { readBytes, writeBytes } from "../support/device-bytes.ts";
import type { UpVolume } from "../support/running-up.ts";

const MARK_BYTES = Number(4n * MiB);

/** Marks that tests leave in volumes: files of a mounted one, places of a raw block one. */
export const marks = ["first", "second", "third", "fourth"] as const;
export type Mark = (typeof marks)[number];

const isBlock = ({ use }: UpVolume) => use.access === "block";
const placeOf = (mark: Mark) => marks.indexOf(mark) * 2 * MARK_BYTES;

/** Leaves a mark, durably. @returns its checksum */
export async function leaveMark(volume: UpVolume, mark: Mark): Promise<string> {
  const bytes = randomBytes(MARK_BYTES);
  if (isBlock(volume)) await writeBytes(volume.target, placeOf(mark), bytes);
  else {
    await (await open(join(volume.target, mark), "wx")).close();
    await writeBytes(join(volume.target, mark), 0, bytes);
  }
  return sumOf(bytes);
}

/** The checksum of a mark; undefined where it was never left. */
export async function markIn(volume: UpVolume, mark: Mark): Promise<string | undefined> {
  if (isBlock(volume)) {
    const bytes = await readBytes(volume.target, placeOf(mark), MARK_BYTES);
    return bytes.every((byte) => byte === 0) ? undefined : sumOf(bytes);
  }
  try {
    return sumOf(await readBytes(join(volume.target, mark), 0, 2 * MARK_BYTES));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Bytes that a volume shows: of its file system, or of its device. */
export async function roomOf({ target, use }: UpVolume): Promise<number> {
  if (use.access === "block") return Number(await run("blockdev", ["--getsize64", target]));
  const { blocks, bsize } = await statfs(target);
  return blocks * bsize;
}

function sumOf(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
