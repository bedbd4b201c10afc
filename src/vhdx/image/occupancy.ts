import { blockState } from "../format/block-table.ts";
import { diskLimits } from "../format/disk-parameters.ts";
import { VhdxError } from "../error.ts";
import type { Image } from "./image.ts";
import { type ScannedEntry, scanTable } from "./table-scan.ts";

const MIB = 1 << 20;

/** In MiB: a bitmap of 16 MiB. */
const LARGEST_FILE = Number(diskLimits.fileSize) / MIB;

/** Which MiB of a file belong to something. */
export class Occupancy {
  readonly #bits: Uint8Array;
  readonly #length: number;
  /** One past the last MiB that belongs to something. */
  end = 0;
  /** How many MiB belong to something. */
  taken = 0;

  /** For files of so many MiB. */
  constructor(length: number) {
    this.#length = length;
    this.#bits = new Uint8Array(Math.ceil(length / 8));
  }

  /** Takes `count` MiB from `first` on; false, and nothing taken, when they leave the file or one of them is taken. */
  claim(first: number, count: number): boolean {
    if (first + count > this.#length) return false;
    for (let at = first; at < first + count; at++) if (this.isTaken(at)) return false;
    for (let at = first; at < first + count; at++) this.#set(at, true);
    this.end = Math.max(this.end, first + count);
    this.taken += count;
    return true;
  }

  /** Gives back what was claimed. */
  release(first: number, count: number): void {
    for (let at = first; at < first + count; at++) this.#set(at, false);
    this.taken -= count;
  }

  /** The lowest stretch of `count` free MiB below `limit`, searched from `from` on. */
  findFree(count: number, from: number, limit: number): number | undefined {
    let free = 0;
    for (let at = from; at < limit; at++) {
      free = this.isTaken(at) ? 0 : free + 1;
      if (free === count) return at - count + 1;
    }
    return undefined;
  }

  isTaken(at: number): boolean {
    return ((this.#at(at) >>> (at % 8)) & 1) === 1;
  }

  #at(at: number): number {
    return this.#bits[Math.floor(at / 8)] ?? 0;
  }

  #set(at: number, taken: boolean): void {
    const mask = 1 << (at % 8);
    this.#bits[Math.floor(at / 8)] = taken ? this.#at(at) | mask : this.#at(at) & ~mask;
  }
}

/** True for entries whose block is in the file and means something: only differencing disks have sector bitmaps. */
export function hasData({ disk }: Image, { state, isBitmap }: ScannedEntry): boolean {
  if (isBitmap) return disk.hasParent && state === blockState.fullyPresent;
  return state === blockState.fullyPresent || state === blockState.partiallyPresent;
}

/**
 * Who has which part of the file: fixed structures and every block. `misplaced` hears of each block that leaves the file
 * or lies over something else; unless it throws, the block is passed over.
 */
export async function readOccupancy(
  image: Image,
  misplaced: (entry: ScannedEntry, problem: string) => void,
  signal?: AbortSignal,
): Promise<Occupancy> {
  const { disk, regions, file } = image;
  const size = Number(await file.size());
  const blockMiB = disk.blockSize / MIB;
  const lastBlock = Math.ceil(Number(disk.virtualSize) / disk.blockSize) - 1;
  const lastNeeded = Number(disk.virtualSize) - lastBlock * disk.blockSize;
  // The last block's end may be missing: nothing of the disk is there.
  const occupancy = new Occupancy(Math.min(Math.ceil(size / MIB) + blockMiB, LARGEST_FILE));
  for (const { offset, length } of regions.extents) {
    occupancy.claim(Number(offset) / MIB, Number(length) / MIB);
  }
  await scanTable(
    image,
    (entry) => {
      if (!hasData(image, entry)) return;
      const count = entry.isBitmap ? 1 : blockMiB;
      const needed = !entry.isBitmap && entry.block === lastBlock ? lastNeeded : count * MIB;
      const start = entry.offsetMiB * MIB;
      if (start + needed > size) misplaced(entry, "reaches past the end of the file");
      else if (!occupancy.claim(entry.offsetMiB, count))
        misplaced(entry, "lies over another structure or block");
    },
    signal,
  );
  return occupancy;
}

/** VhdxError when a block is not where it can be: then no write to the file is safe. */
export function refuseMisplaced(entry: ScannedEntry, problem: string): never {
  const what = entry.isBitmap ? "the sector bitmap of the chunk from" : "the data of";
  throw new VhdxError("block table", entry.at, `${what} block ${entry.block} ${problem}`);
}
