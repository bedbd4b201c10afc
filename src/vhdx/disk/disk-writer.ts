import { blockState } from "../format/block-table.ts";
import { randomGuid } from "../format/guid.ts";
import type { LogWriter } from "../log/log-writer.ts";
import type { WritableFile } from "../storage/file.ts";
import type { BlockChanges } from "./block-changes.ts";
import { type Entry, isInFile, type Layer } from "./layer.ts";
import { type BlockPart, blockParts } from "./block-parts.ts";
import { readChain } from "./read-chain.ts";
import { SharedLock } from "./shared-lock.ts";

/** Zeros are written in pieces of this size where no hole can be made. */
const zeros = Buffer.alloc(1 << 20);

/**
 * Changes what a disk holds. What was changed since the last `flush` may be there or not after a power cut, each sector
 * in its old or new form; block table and bitmaps change through the log only. Offsets are bytes of the disk, inside it.
 */
export class DiskWriter {
  readonly #layers: readonly Layer[];
  readonly #layer: Layer;
  readonly #file: WritableFile;
  readonly #log: LogWriter;
  readonly #changes: BlockChanges;
  /** Shared by what leaves every block where it is or gives it its first place. */
  readonly #lock = new SharedLock();
  readonly #allocation = new SharedLock();
  #begun: Promise<void> | undefined;
  #failure: Error | undefined;

  constructor(
    layers: readonly [Layer, ...Layer[]],
    file: WritableFile,
    log: LogWriter,
    changes: BlockChanges,
  ) {
    this.#layers = layers;
    this.#layer = layers[0];
    this.#file = file;
    this.#log = log;
    this.#changes = changes;
  }

  /** Fills `target` from `offset` on. */
  read(offset: number, target: Uint8Array, signal?: AbortSignal): Promise<void> {
    return this.#lock.shared(() => readChain(this.#layers, 0, offset, target, signal));
  }

  async write(offset: number, data: Uint8Array, signal?: AbortSignal): Promise<void> {
    await this.#begin();
    for (const part of blockParts(this.#layer, offset, offset + data.length)) {
      signal?.throwIfAborted();
      const bytes = data.subarray(part.start - offset, part.end - offset);
      const done = await this.#lock.shared(async () => {
        await this.#placeEmptyBlock(part.block);
        return this.#writeInPlace(part, bytes);
      });
      if (!done) await this.#lock.exclusive(() => this.#writeAlone(part, bytes));
    }
  }

  /** Makes [`start`, `end`) read as zeros. Blocks wholly inside give their space back, but for those of fixed disks. */
  async zero(start: number, end: number, signal?: AbortSignal): Promise<void> {
    await this.#begin();
    for (const part of blockParts(this.#layer, start, end)) {
      signal?.throwIfAborted();
      await this.#lock.exclusive(() =>
        part.isWhole ? this.#emptyBlock(part, blockState.zero) : this.#writeZeros(part),
      );
    }
  }

  /** Forgets the blocks wholly inside [`start`, `end`): they read as zeros then. All other bytes stay. */
  async trim(start: number, end: number, signal?: AbortSignal): Promise<void> {
    await this.#begin();
    for (const part of blockParts(this.#layer, start, end)) {
      signal?.throwIfAborted();
      if (part.isWhole) await this.#lock.exclusive(() => this.#emptyBlock(part, blockState.unmapped));
    }
  }

  /** Makes everything done before durable. */
  flush(): Promise<void> {
    return this.#lock.exclusive(() => this.#commit());
  }

  /** Makes everything durable and leaves the log empty. After a failure nothing: the log is needed then. */
  finish(): Promise<void> {
    return this.#lock.exclusive(async () => {
      if (this.#begun === undefined || this.#failure !== undefined) return;
      await this.#commit();
      await this.#log.finish();
      this.#begun = undefined;
    });
  }

  #begin(): Promise<void> {
    this.#begun ??= this.#guard(() =>
      this.#log.renewGuids({ fileWriteGuid: randomGuid(), dataWriteGuid: randomGuid() }),
    );
    return this.#begun;
  }

  #commit(): Promise<void> {
    if (this.#begun === undefined) return Promise.resolve();
    return this.#guard(() => this.#changes.commit());
  }

  /** Nothing is known of a file whose headers, log or table could not be written: no further change is made. */
  async #guard(work: () => Promise<void>): Promise<void> {
    if (this.#failure !== undefined) {
      throw new Error("the disk can't be changed any more: an earlier write failed", {
        cause: this.#failure,
      });
    }
    try {
      await work();
    } catch (error) {
      this.#failure = error as Error;
      throw error;
    }
  }

  /**
   * Gives a block of a disk without parent its place if it has none and the log can take that. There it reads as zeros
   * as before, so that others may write meanwhile and a crash shows nothing new.
   */
  async #placeEmptyBlock(block: number): Promise<void> {
    if (this.#layer.image.disk.hasParent || (await this.#isPresent(block))) return;
    await this.#allocation.exclusive(async () => {
      if (this.#changes.isFull || (await this.#isPresent(block))) return;
      await this.#changes.setBlock(block, blockState.fullyPresent, await this.#changes.allocate());
    });
  }

  async #isPresent(block: number): Promise<boolean> {
    const { state } = await this.#layer.entry(this.#layer.payloadEntryAt(block));
    return state === blockState.fullyPresent;
  }

  /** Writes where all of these sectors are in the file already; false when they are not. */
  async #writeInPlace({ start, end }: BlockPart, data: Uint8Array): Promise<boolean> {
    if (this.#failure !== undefined) await this.#commit();
    const segment = await this.#layer.segment(start, end);
    if (segment.source !== "file" || segment.end < end) return false;
    await this.#file.write(BigInt(segment.fileOffset), data);
    return true;
  }

  async #writeAlone(part: BlockPart, data: Uint8Array): Promise<void> {
    if (this.#changes.isFull) await this.#commit();
    await this.#placeEmptyBlock(part.block);
    if (await this.#writeInPlace(part, data)) return;
    const entry = await this.#layer.entry(this.#layer.payloadEntryAt(part.block));
    const showsParent = entry.state === blockState.notPresent || entry.state === blockState.partiallyPresent;
    if (part.isWhole || !showsParent) await this.#writeWholeBlock(part, entry, data);
    else await this.#writeSectors(part, entry, data);
  }

  /** Afterwards all of the block is in the file; what is not written reads as zeros, as it did. */
  async #writeWholeBlock(
    { block, start, blockStart }: BlockPart,
    entry: Entry,
    data: Uint8Array,
  ): Promise<void> {
    const place = isInFile(entry) ? entry.fileOffset : await this.#changes.allocate();
    await this.#file.write(BigInt(place + start - blockStart), data);
    await this.#changes.setBlock(block, blockState.fullyPresent, place);
  }

  /** Afterwards the sectors written to are in the file; the others are as before. */
  async #writeSectors(part: BlockPart, entry: Entry, data: Uint8Array): Promise<void> {
    const { block, blockStart, start, end } = part;
    const { logicalSectorSize } = this.#layer.image.disk;
    const first = Math.floor((start - blockStart) / logicalSectorSize);
    const last = Math.ceil((end - blockStart) / logicalSectorSize);
    const from = blockStart + first * logicalSectorSize;
    const bytes = await this.#widened(from, blockStart + last * logicalSectorSize, start, data);
    const isNew = !isInFile(entry);
    const place = isNew ? await this.#changes.allocate() : entry.fileOffset;
    await this.#file.write(BigInt(place + from - blockStart), bytes);
    await this.#changes.setSectors(block, first, last - first, isNew);
    await this.#changes.setBlock(block, blockState.partiallyPresent, place);
  }

  /** The disk's bytes [`from`, `to`) with `data` put in at `start`. */
  async #widened(from: number, to: number, start: number, data: Uint8Array): Promise<Uint8Array> {
    if (to - from === data.length) return data;
    const bytes = Buffer.allocUnsafe(to - from);
    await readChain(this.#layers, 0, from, bytes);
    bytes.set(data, start - from);
    return bytes;
  }

  /** Makes a whole block read as zeros. */
  async #emptyBlock(part: BlockPart, state: number): Promise<void> {
    const { hasParent, leaveBlocksAllocated, blockSize } = this.#layer.image.disk;
    const entry = await this.#layer.entry(this.#layer.payloadEntryAt(part.block));
    if (!isInFile(entry) && (!hasParent || entry.state !== blockState.notPresent)) return;
    if (leaveBlocksAllocated && entry.state === blockState.fullyPresent) {
      const punched = await this.#file.punch(BigInt(entry.fileOffset), BigInt(blockSize));
      if (!punched) await this.#writeZeros(part);
      return;
    }
    if (this.#changes.isFull) await this.#commit();
    await this.#changes.setBlock(part.block, state, 0);
  }

  /** Makes a part of a block read as zeros. */
  async #writeZeros(part: BlockPart): Promise<void> {
    for (let start = part.start; start < part.end;) {
      const segment = await this.#layer.segment(start, part.end);
      const end = Math.min(segment.end, start + zeros.length);
      const isWhole = part.isWhole && end - start === part.end - part.start;
      if (segment.source !== "zero") {
        await this.#writeAlone({ ...part, start, end, isWhole }, zeros.subarray(0, end - start));
      }
      start = end;
    }
  }
}
