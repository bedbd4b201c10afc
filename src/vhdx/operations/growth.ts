import { blockTableLayout, entryCount } from "../format/block-table.ts";
import type { TablePiece } from "../image/fixed-table.ts";
import type { Image } from "../image/image.ts";
import type { ByteRange } from "../platform/port.ts";
import type { WritableFile } from "../storage/file.ts";
import { isZero } from "../storage/zeros.ts";
import { type OnProgress, progressOf } from "./progress.ts";
import { presentEntries, putEntries, relocation, type TablePlace } from "./relocate-table.ts";
import { beginChange, sizeChange } from "./size-change.ts";

const PIECE = 1n << 20n;
const zeros = Buffer.alloc(Number(PIECE));

/** How a disk will grow, decided before anything is written. Offsets and sizes are bytes. */
export interface Growth {
  readonly newSize: bigint;
  /** The entries of the new blocks. */
  readonly entries: Iterable<TablePiece>;
  /** The file becomes at least this long. */
  readonly fileEnd: bigint;
  /** What the file has there will be read as the disk's new end: it must be zeros. */
  readonly exposed: readonly ByteRange[];
  /** Where the block table goes; undefined when it stays. */
  readonly table: TablePlace | undefined;
  /** The old block table lies in what is exposed. */
  readonly tableIsInTheWay: boolean;
}

export interface GrowthOptions {
  readonly signal?: AbortSignal;
  /** Bytes of the block table. */
  readonly onProgress?: OnProgress;
}

/**
 * Does what was planned for the disk in `file`. A power cut, and an abort, leave the old or the new size; the file may
 * be longer and its block table may have moved.
 *
 * Up to the size's commit nothing that counts is changed: the entries lie behind those of the current size or in a
 * table not yet named, and a longer file means nothing. So the flush of the log's entry serves them all. Only a table
 * that lies where the payload will be has to be away, durably, before.
 */
export async function grow(
  file: WritableFile,
  image: Image,
  growth: Growth,
  { signal, onProgress }: GrowthOptions = {},
): Promise<void> {
  const { disk, regions } = image;
  const { newSize, table } = growth;
  const log = await beginChange(file);
  const size = await file.size();
  if (growth.fileEnd > size) await file.resize(growth.fileEnd);

  const total = BigInt(entryCount(disk, newSize) * blockTableLayout.entry.size);
  const progress = progressOf(total, onProgress);
  const onPiece = (end: bigint) => {
    signal?.throwIfAborted();
    progress(end);
  };
  if (table) await putEntries(file, table.offset, presentEntries(file, image), onPiece);
  await putEntries(file, table?.offset ?? regions.blockTable.offset, growth.entries, onPiece);

  const moves = table ? await relocation(file, table) : [];
  if (growth.tableIsInTheWay) await log.commit(moves.splice(0));
  for (const { start, end } of growth.exposed) await clear(file, start, end < size ? end : size, signal);
  await log.commit([...moves, ...(await sizeChange(file, disk, newSize))]);
  await log.finish();
}

/** Overwrites what is not zero in [`start`, `end`) of the file. */
async function clear(file: WritableFile, start: bigint, end: bigint, signal?: AbortSignal): Promise<void> {
  for (let at = start; at < end;) {
    signal?.throwIfAborted();
    const data = file.nextData(at, end);
    if (data === undefined) return;
    const length = Number(data.end - data.start < PIECE ? data.end - data.start : PIECE);
    const bytes = await file.read("payload", data.start, length);
    if (!isZero(bytes)) await file.write(data.start, zeros.subarray(0, length));
    at = data.start + BigInt(length);
  }
}
