import { MiB, roundUp } from "../../kit/sizes.ts";
import {
  bitmapIndex,
  blockState,
  blockTableLayout,
  chunkRatio,
  entryCount,
  entryOffsetMiB,
  entryState,
  payloadCount,
  payloadIndex,
  tableView,
  writeEntry,
} from "../format/block-table.ts";
import type { DiskParameters } from "../format/disk-parameters.ts";
import type { ReadableFile } from "../storage/file.ts";
import type { Region } from "../format/region-table.ts";

/** Large tables are handled in pieces of so many entries (512 KiB). */
const PIECE = 65536;
const ENTRY_SIZE = blockTableLayout.entry.size;
const oneMiB = Number(MiB);

/** A run of entries: bytes to be put at entry `first` of the table. */
export interface TablePiece {
  readonly first: number;
  readonly bytes: Buffer;
}

/**
 * The table of a disk whose blocks lie one behind the other from `payloadOffset`, for the entries from
 * `first` up to those `virtualSize` needs. Sector bitmap entries in between are zero. Where the blocks before
 * `first` are somewhere else, `payloadOffset` may be below zero.
 */
export function* contiguousEntries(
  disk: DiskParameters,
  payloadOffset: bigint,
  first: number,
  virtualSize: bigint,
): Generator<TablePiece> {
  const end = entryCount(disk, virtualSize);
  const ratio = chunkRatio(disk);
  const chunkEntries = ratio + 1;
  const blockMiB = disk.blockSize / oneMiB;
  const firstMiB = Number(payloadOffset / MiB);
  for (let start = first; start < end; start += PIECE) {
    const bytes = Buffer.alloc(Math.min(PIECE, end - start) * ENTRY_SIZE);
    const table = tableView(bytes);
    let chunk = Math.floor(start / chunkEntries);
    let bitmap = bitmapIndex(chunk, ratio);
    for (let index = start; index < Math.min(start + PIECE, end); index++) {
      if (index < bitmap) {
        writeEntry(table, index - start, blockState.fullyPresent, firstMiB + (index - chunk) * blockMiB);
      } else {
        chunk += 1;
        bitmap += chunkEntries;
      }
    }
    yield { first: start, bytes };
  }
}

/**
 * Where the payload starts when the whole disk is one stretch of the file: every block fully present and right
 * behind the one before. Undefined at the first entry that says otherwise.
 */
export async function findContiguousPayload(
  file: ReadableFile,
  table: Region,
  disk: DiskParameters,
): Promise<bigint | undefined> {
  const ratio = chunkRatio(disk);
  const blocks = payloadCount(disk);
  const end = entryCount(disk);
  const blockMiB = disk.blockSize / oneMiB;
  let firstMiB: number | undefined;
  let block = 0;
  for (let start = 0; start < end; start += PIECE) {
    const count = Math.min(PIECE, end - start);
    const bytes = await file.read(
      "block table",
      table.offset + BigInt(start * ENTRY_SIZE),
      count * ENTRY_SIZE,
    );
    const entries = tableView(bytes);
    for (; block < blocks; block++) {
      const index = payloadIndex(block, ratio) - start;
      if (index >= count) break;
      const offsetMiB = entryOffsetMiB(entries, index);
      firstMiB ??= offsetMiB;
      const follows = offsetMiB === firstMiB + block * blockMiB;
      if (!follows || entryState(entries, index) !== blockState.fullyPresent) return undefined;
    }
  }
  return firstMiB === undefined ? undefined : BigInt(firstMiB) * MiB;
}

/** Offset one past the last block of a contiguous disk of this size. */
export function payloadEnd(disk: DiskParameters, payloadOffset: bigint, virtualSize: bigint): bigint {
  return payloadOffset + roundUp(virtualSize, BigInt(disk.blockSize));
}

/**
 * Entries of blocks in `state`, without data, from the first block the disk does not have yet up to those `virtualSize`
 * needs. In a differencing disk they may start inside a chunk, whose sector bitmap stays.
 */
export function* emptyEntries(
  disk: DiskParameters,
  virtualSize: bigint,
  state: number = blockState.notPresent,
): Generator<TablePiece> {
  const used = entryCount(disk);
  const ratio = chunkRatio(disk);
  if (disk.hasParent) yield* alikeEntries(payloadIndex(payloadCount(disk), ratio), used - 1, ratio, state);
  yield* alikeEntries(used, entryCount(disk, virtualSize), ratio, state);
}

function* alikeEntries(from: number, end: number, ratio: number, state: number): Generator<TablePiece> {
  for (let first = from; first < end; first += PIECE) {
    const bytes = Buffer.alloc(Math.min(PIECE, end - first) * ENTRY_SIZE);
    const table = tableView(bytes);
    for (let index = first; state !== 0 && index < Math.min(first + PIECE, end); index++) {
      if (index % (ratio + 1) !== ratio) writeEntry(table, index - first, state, 0);
    }
    yield { first, bytes };
  }
}
