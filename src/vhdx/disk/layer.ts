import {
  bitmapIndex,
  blockState,
  blockTableLayout,
  chunkRatio,
  entryOffsetMiB,
  entryState,
  payloadIndex,
} from "../format/block-table.ts";
import { diskLimits } from "../format/disk-parameters.ts";
import { VhdxError } from "../error.ts";
import type { Image } from "../image/image.ts";
import { bitRun } from "./bit-run.ts";
import { MetadataPages, placeInPage } from "./metadata-pages.ts";

const ENTRY_SIZE = blockTableLayout.entry.size;
const MIB = 1 << 20;
const LARGEST_FILE = Number(diskLimits.fileSize);

/**
 * A stretch of the virtual disk, as one image of a chain has it: in its file from `fileOffset` on, zeros, or to be
 * looked for in the parent. Bytes; `end` is exclusive.
 */
export type Segment =
  | { readonly end: number; readonly source: "file"; readonly fileOffset: number }
  | { readonly end: number; readonly source: "zero" }
  | { readonly end: number; readonly source: "parent" };

/** An entry of the block table; the offset is in bytes of the file and means nothing in states without data. */
export interface Entry {
  readonly state: number;
  readonly fileOffset: number;
}

/** True when the entry says that the block, or some sectors of it, are in the file. */
export function isInFile({ state }: Entry): boolean {
  return state === blockState.fullyPresent || state === blockState.partiallyPresent;
}

/**
 * One image of a chain with its block table at hand. Inside this folder offsets are numbers: all of them are below
 * 2^53, since no file here has more than 128 TiB, and the inner loops take them by the million.
 */
export class Layer {
  readonly image: Image;
  readonly pages: MetadataPages;
  readonly ratio: number;
  readonly virtualSize: number;
  readonly #table: number;
  /** Everything that no block may lie over: [start, end) in bytes of the file. */
  readonly #taken: readonly (readonly [number, number])[];

  constructor(image: Image, pages = new MetadataPages(image.file)) {
    this.image = image;
    this.pages = pages;
    this.ratio = chunkRatio(image.disk);
    this.virtualSize = Number(image.disk.virtualSize);
    this.#table = Number(image.regions.blockTable.offset);
    this.#taken = image.regions.extents.map(({ offset, length }) => [
      Number(offset),
      Number(offset + length),
    ]);
  }

  /** File offset of the entry of payload block `block`. */
  payloadEntryAt(block: number): number {
    return this.#table + payloadIndex(block, this.ratio) * ENTRY_SIZE;
  }

  /** File offset of the entry of the sector bitmap that covers `block`. */
  bitmapEntryAt(block: number): number {
    return this.#table + bitmapIndex(Math.floor(block / this.ratio), this.ratio) * ENTRY_SIZE;
  }

  /** The entry at this offset of the file. */
  async entry(at: number): Promise<Entry> {
    for (;;) {
      const entry = this.#peekEntry(at);
      if (entry !== undefined) return entry;
      await this.pages.load("block table", at);
    }
  }

  /** The same when its page is in memory. */
  #peekEntry(at: number): Entry | undefined {
    const view = this.pages.view(at);
    if (view === undefined) return undefined;
    const index = placeInPage(at) / ENTRY_SIZE;
    return { state: entryState(view, index), fileOffset: entryOffsetMiB(view, index) * MIB };
  }

  /**
   * What lies at `from`, and how far on it is alike, at most up to `to`: both inside the virtual disk. VhdxError when
   * the table says what can't be.
   */
  async segment(from: number, to: number): Promise<Segment> {
    for (;;) {
      const found = this.#find(from, to);
      if ("source" in found) return found;
      await this.pages.load(found.structure, found.load);
    }
  }

  /** Where in the file the bits of `block` start, its bitmap lying at `bitmapOffset`, and how many bytes they take. */
  bitSlice(block: number, bitmapOffset: number): { readonly offset: number; readonly length: number } {
    const { blockSize, logicalSectorSize } = this.image.disk;
    const length = blockSize / logicalSectorSize / 8;
    return { offset: bitmapOffset + (block % this.ratio) * length, length };
  }

  /** VhdxError unless `length` bytes at `fileOffset` can be a block's: inside the largest file, clear of all else. */
  checkPlace(at: number, fileOffset: number, length: number): void {
    const end = fileOffset + length;
    if (end > LARGEST_FILE) throw new VhdxError("block table", at, `a block lies at byte ${fileOffset}`);
    const over = this.#taken.some(([start, takenEnd]) => fileOffset < takenEnd && end > start);
    if (over)
      throw new VhdxError("block table", at, `a block lies over another structure at byte ${fileOffset}`);
  }

  #find(from: number, to: number): Segment | { readonly structure: string; readonly load: number } {
    const { blockSize } = this.image.disk;
    let block = Math.floor(from / blockSize);
    const at = this.payloadEntryAt(block);
    const first = this.#peekEntry(at);
    if (first === undefined) return { structure: "block table", load: at };
    const blockEnd = Math.min((block + 1) * blockSize, to);
    const source = this.#sourceOf(first.state, at);
    if (source === "bitmap") return this.#findInBitmap(block, first, from, blockEnd);
    const start = from - block * blockSize;
    if (source === "file") this.checkPlace(at, first.fileOffset, blockSize);
    // Blocks that are alike and, if they are in the file, behind one another there, are one stretch.
    let end = blockEnd;
    let offset = first.fileOffset;
    while (end < to) {
      block += 1;
      const nextAt = this.payloadEntryAt(block);
      const next = this.#peekEntry(nextAt);
      if (next === undefined || this.#sourceOf(next.state, nextAt) !== source) break;
      offset += blockSize;
      if (source === "file") {
        if (next.fileOffset !== offset) break;
        this.checkPlace(nextAt, offset, blockSize);
      }
      end = Math.min(end + blockSize, to);
    }
    return source === "file" ? { end, source, fileOffset: first.fileOffset + start } : { end, source };
  }

  #findInBitmap(
    block: number,
    entry: Entry,
    from: number,
    to: number,
  ): Segment | { readonly structure: string; readonly load: number } {
    const { blockSize, logicalSectorSize } = this.image.disk;
    const bitmapAt = this.bitmapEntryAt(block);
    const bitmap = this.#peekEntry(bitmapAt);
    if (bitmap === undefined) return { structure: "block table", load: bitmapAt };
    if (bitmap.state !== blockState.fullyPresent) {
      throw new VhdxError("block table", bitmapAt, "a partially present block has no sector bitmap");
    }
    this.checkPlace(bitmapAt, bitmap.fileOffset, MIB);
    this.checkPlace(this.payloadEntryAt(block), entry.fileOffset, blockSize);
    const slice = this.bitSlice(block, bitmap.fileOffset);
    const blockStart = block * blockSize;
    const sector = Math.floor((from - blockStart) / logicalSectorSize);
    const byte = slice.offset + Math.floor(sector / 8);
    const view = this.pages.view(byte);
    if (view === undefined) return { structure: "sector bitmap", load: byte };
    const last = Math.ceil((to - blockStart) / logicalSectorSize);
    const base = placeInPage(byte) * 8 + (sector % 8);
    const { set, count } = bitRun(view, base, last - sector);
    const end = Math.min(blockStart + (sector + count) * logicalSectorSize, to);
    return set
      ? { end, source: "file", fileOffset: entry.fileOffset + (from - blockStart) }
      : { end, source: "parent" };
  }

  #sourceOf(state: number, at: number): "file" | "zero" | "parent" | "bitmap" {
    const { hasParent } = this.image.disk;
    if (state === blockState.fullyPresent) return "file";
    if (state === blockState.notPresent) return hasParent ? "parent" : "zero";
    if (state === blockState.partiallyPresent && hasParent) return "bitmap";
    const zero = state === blockState.undefined || state === blockState.zero || state === blockState.unmapped;
    // Version 0.95 of the format had 5 for unmapped blocks.
    if (zero || state === blockState.unmappedBefore1) return "zero";
    throw new VhdxError("block table", at, `a block has state ${state}`);
  }
}
