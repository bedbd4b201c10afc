import type { Image } from "../../image/image.ts";
import { hasData, type Occupancy } from "../../image/occupancy.ts";
import { type ScannedEntry, tablePieces } from "../../image/table-scan.ts";
import type { WritableFile } from "../../storage/file.ts";
import type { EntryBatch } from "./entry-batch.ts";

const MIB = 1 << 20;

/** So much is copied before a commit lets go of the old places. */
const MOST_MIB_IN_FLIGHT = 256;

/**
 * Moves payload and sector bitmap blocks that lie beyond what all of the file needs into free places below; returns how
 * many. A block's old place is used again only when the entry that names the new one is durable.
 */
export async function moveBlocks(
  file: WritableFile,
  image: Image,
  occupancy: Occupancy,
  batch: EntryBatch,
  onBlock: (block: number) => void,
  signal?: AbortSignal,
): Promise<number> {
  const idealEnd = occupancy.taken;
  const blockMiB = image.disk.blockSize / MIB;
  const left: { readonly offsetMiB: number; readonly count: number }[] = [];
  /** Below this nothing is free for so many MiB; old places that come free lie above the ideal end. */
  const searched = new Map<number, number>();
  let moved = 0;
  let inFlight = 0;
  const commit = async () => {
    await batch.commit();
    for (const { offsetMiB, count } of left.splice(0)) occupancy.release(offsetMiB, count);
    inFlight = 0;
  };
  const move = async (entry: ScannedEntry, count: number): Promise<boolean> => {
    const place = occupancy.findFree(count, searched.get(count) ?? 0, idealEnd);
    searched.set(count, place ?? idealEnd);
    if (place === undefined) return false;
    if (batch.isFull || inFlight + count > MOST_MIB_IN_FLIGHT) await commit();
    occupancy.claim(place, count);
    await copyWithin(file, entry.offsetMiB, place, count, signal);
    batch.set(entry.at, entry.state, place);
    left.push({ offsetMiB: entry.offsetMiB, count });
    inFlight += count;
    return true;
  };
  for await (const entries of tablePieces(image, signal)) {
    for (const entry of entries) {
      const count = entry.isBitmap ? 1 : blockMiB;
      if (!hasData(image, entry) || entry.offsetMiB + count <= idealEnd) continue;
      onBlock(entry.block);
      if (await move(entry, count)) moved += 1;
    }
  }
  await commit();
  return moved;
}

/** Copies `count` MiB of a file from one place to another; behind the file's end there are zeros. */
async function copyWithin(
  file: WritableFile,
  fromMiB: number,
  toMiB: number,
  count: number,
  signal?: AbortSignal,
): Promise<void> {
  const size = await file.size();
  for (let step = 0; step < count; step++) {
    signal?.throwIfAborted();
    const from = BigInt(fromMiB + step) * BigInt(MIB);
    const bytes = Buffer.alloc(MIB);
    const present = size > from ? size - from : 0n;
    const length = present < BigInt(MIB) ? Number(present) : MIB;
    await file.readInto("payload", from, bytes.subarray(0, length));
    await file.write(BigInt(toMiB + step) * BigInt(MIB), bytes);
  }
}
