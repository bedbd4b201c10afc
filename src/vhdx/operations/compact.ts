import { randomGuid } from "../format/guid.ts";
import { typeOf } from "../format/disk-parameters.ts";
import { readImage } from "../image/image.ts";
import { readOccupancy, refuseMisplaced } from "../image/occupancy.ts";
import { LogWriter } from "../log/log-writer.ts";
import { recover } from "../log/replay.ts";
import { withFile, type WritableFile } from "../storage/file.ts";
import { EntryBatch } from "./compact/entry-batch.ts";
import { freeZeroBlocks } from "./compact/free-zero-blocks.ts";
import { moveBlocks } from "./compact/move-blocks.ts";
import { punchZeros } from "./compact/punch-zeros.ts";
import { cutFile } from "./cut-file.ts";
import { type OnProgress, progressOf } from "./progress.ts";

export interface CompactOptions {
  readonly signal?: AbortSignal;
  /** Bytes of the disk looked at, each twice: once for zeros, once for moving. */
  readonly onProgress?: OnProgress;
}

/** What compacting did. Sizes are bytes of the file. */
export interface CompactReport {
  readonly sizeBefore: bigint;
  readonly sizeAfter: bigint;
  readonly blocksFreed: number;
  readonly blocksMoved: number;
}

/**
 * Makes the file at `path`, which nobody has open, as short as its data allows: blocks of zeros are given up and the
 * others moved together. What the disk holds does not change, nor does its DataWriteGuid: children stay valid, and
 * parents are not needed. Of a fixed disk only the space of zeros is given back, where holes can be punched. A power
 * cut, and an abort, leave the same disk in a longer file. VhdxError when the file is damaged.
 */
export function compactVhdx(path: string, options: CompactOptions = {}): Promise<CompactReport> {
  return withFile(path, "r+", (file) => compactIn(file, options));
}

/** `compactVhdx` on an open file. */
export async function compactIn(file: WritableFile, options: CompactOptions = {}): Promise<CompactReport> {
  const { signal, onProgress } = options;
  // Before anything is written, not even a pending log, all of the file must be in order.
  await readOccupancy(await readImage(file), refuseMisplaced, signal);
  const log = new LogWriter(file, await recover(file));
  const image = await readImage(file);
  const occupancy = await readOccupancy(image, refuseMisplaced, signal);
  const sizeBefore = await file.size();
  const { disk } = image;
  const progress = progressOf(2n * disk.virtualSize, onProgress);
  const onBlock = (from: bigint) => (block: number) => {
    progress(from + BigInt(block) * BigInt(disk.blockSize));
  };
  await log.renewGuids({ fileWriteGuid: randomGuid() });
  let blocksFreed = 0;
  let blocksMoved = 0;
  if (typeOf(disk) === "fixed") {
    await punchZeros(file, image, onBlock(0n), signal);
    await log.finish();
  } else {
    const batch = new EntryBatch(file, log);
    blocksFreed = await freeZeroBlocks(image, occupancy, batch, onBlock(0n), signal);
    blocksMoved = await moveBlocks(file, image, occupancy, batch, onBlock(disk.virtualSize), signal);
    await log.finish();
    await cutFile(file);
  }
  progress(2n * disk.virtualSize);
  return { sizeBefore, sizeAfter: await file.size(), blocksFreed, blocksMoved };
}
