import { blockState, blockTableLayout, writeEntry } from "../format/block-table.ts";
import type { LogWriter } from "../log/log-writer.ts";
import type { WritableFile } from "../storage/file.ts";
import { fillBits } from "./bit-run.ts";
import { isInFile, type Layer } from "./layer.ts";
import { placeInPage } from "./metadata-pages.ts";
import type { Space } from "./space.ts";

const ENTRY_SIZE = blockTableLayout.entry.size;
const MIB = 1 << 20;

/** Sectors of table and bitmap that a change to one block takes at most: two entries and 64 KiB of bits. */
const SECTORS_PER_CHANGE = 2 + 17;

/**
 * Changes to what the block table and the sector bitmaps say. They are made in memory; `commit` makes all of them
 * durable together. Offsets are bytes.
 */
export class BlockChanges {
  readonly #layer: Layer;
  readonly #file: WritableFile;
  readonly #log: LogWriter;
  readonly #space: Space;
  /** Blocks to give back once nothing durable refers to them. */
  readonly #freed: number[] = [];

  constructor(layer: Layer, file: WritableFile, log: LogWriter, space: Space) {
    this.#layer = layer;
    this.#file = file;
    this.#log = log;
    this.#space = space;
  }

  /** No further block can be changed before a commit. */
  get isFull(): boolean {
    return this.#layer.pages.dirtyCount + SECTORS_PER_CHANGE > this.#log.capacity;
  }

  /** Takes a place for a payload block, which reads as zeros there. */
  async allocate(): Promise<number> {
    const offset = this.#space.takeBlock();
    await this.#space.reach(offset + this.#layer.image.disk.blockSize);
    return offset;
  }

  /** Sets the entry of payload block `block`; the place it named, if another one, is given back. */
  async setBlock(block: number, state: number, fileOffset: number): Promise<void> {
    const at = this.#layer.payloadEntryAt(block);
    const old = await this.#layer.entry(at);
    if (old.state === state && old.fileOffset === fileOffset) return;
    await this.#setEntry(at, state, fileOffset);
    if (isInFile(old) && old.fileOffset !== fileOffset) this.#freed.push(old.fileOffset);
  }

  /**
   * Notes that the sectors of `block` from `first` on are in this file, and that no others are when `afresh`. Its bitmap
   * is made when it is missing.
   */
  async setSectors(block: number, first: number, count: number, afresh: boolean): Promise<void> {
    const bitmapOffset = await this.#bitmapOf(block);
    const slice = this.#layer.bitSlice(block, bitmapOffset);
    const view = await this.#layer.pages.need("sector bitmap", slice.offset);
    const base = placeInPage(slice.offset) * 8;
    if (afresh) fillBits(view, base, slice.length * 8, false);
    fillBits(view, base + first, count, true);
    const [from, to] = afresh ? [0, slice.length] : [Math.floor(first / 8), Math.ceil((first + count) / 8)];
    this.#layer.pages.markDirty(slice.offset + from, to - from);
  }

  /** Makes everything written to the file and every change so far durable. */
  async commit(): Promise<void> {
    const { pages } = this.#layer;
    if (pages.dirtyCount === 0) {
      await this.#file.flush();
      return;
    }
    await this.#log.commit(pages.changes());
    pages.markClean();
    for (const offset of this.#freed.splice(0)) await this.#space.giveBlock(offset);
  }

  async #bitmapOf(block: number): Promise<number> {
    const at = this.#layer.bitmapEntryAt(block);
    const bitmap = await this.#layer.entry(at);
    if (bitmap.state === blockState.fullyPresent) return bitmap.fileOffset;
    const offset = this.#space.take(MIB);
    await this.#space.reach(offset + MIB);
    await this.#setEntry(at, blockState.fullyPresent, offset);
    return offset;
  }

  async #setEntry(at: number, state: number, fileOffset: number): Promise<void> {
    const view = await this.#layer.pages.need("block table", at);
    writeEntry(view, placeInPage(at) / ENTRY_SIZE, state, fileOffset / MIB);
    this.#layer.pages.markDirty(at, ENTRY_SIZE);
  }
}
