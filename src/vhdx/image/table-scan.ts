import {
  blockTableLayout,
  chunkRatio,
  entryCount,
  entryOffsetMiB,
  entryState,
  tableView,
} from "../format/block-table.ts";
import type { Image } from "./image.ts";

/** Entries read at once: 512 KiB. */
const PIECE = 65536;
const { size: ENTRY_SIZE, stateMask, offsetShift } = blockTableLayout.entry;
const reservedBits = ((1 << offsetShift) - 1) & ~stateMask;

/** One entry of a block table. */
export interface ScannedEntry {
  /** File offset of the entry, bytes. */
  readonly at: number;
  /** The payload block, or the first one of the chunk whose sector bitmap this is. */
  readonly block: number;
  readonly isBitmap: boolean;
  readonly state: number;
  /** Where its data lies, in MiB of the file; zero where there is none. */
  readonly offsetMiB: number;
  /** A reserved bit is set. */
  readonly hasReservedBits: boolean;
}

/** Visits every entry the disk uses that is not zero, in order, a piece of the table in memory at a time. */
export async function scanTable(
  image: Image,
  visit: (entry: ScannedEntry) => void,
  signal?: AbortSignal,
): Promise<void> {
  for await (const entries of tablePieces(image, signal)) entries.forEach(visit);
}

/** The same for those who must wait between entries: all of one piece at a time, as they are when it is read. */
export async function* tablePieces(
  image: Image,
  signal?: AbortSignal,
): AsyncGenerator<readonly ScannedEntry[], void, undefined> {
  const { disk, regions, file } = image;
  const ratio = chunkRatio(disk);
  const end = entryCount(disk);
  const table = Number(regions.blockTable.offset);
  for (let start = 0; start < end; start += PIECE) {
    signal?.throwIfAborted();
    const count = Math.min(PIECE, end - start);
    const at = table + start * ENTRY_SIZE;
    const view = tableView(await file.read("block table", BigInt(at), count * ENTRY_SIZE));
    const entries: ScannedEntry[] = [];
    for (let place = 0; place < count; place++) {
      const state = entryState(view, place);
      const offsetMiB = entryOffsetMiB(view, place);
      const hasReservedBits = (view.getUint32(place * ENTRY_SIZE, true) & reservedBits) !== 0;
      if (state === 0 && offsetMiB === 0 && !hasReservedBits) continue;
      const index = start + place;
      const chunk = Math.floor(index / (ratio + 1));
      const isBitmap = index % (ratio + 1) === ratio;
      const block = isBitmap ? chunk * ratio : index - chunk;
      entries.push({ at: at + place * ENTRY_SIZE, block, isBitmap, state, offsetMiB, hasReservedBits });
    }
    yield entries;
  }
}
