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
import { LENT_SIZE, withLentBuffer } from "../storage/lent-buffer.ts";
import type { Region } from "../format/region-table.ts";

/** Large tables are handled in pieces of so many entries (512 KiB). */
const PIECE = 65536;
/** Entries of the first look at a disk that need not be contiguous: a page of the file. */
const FIRST_LOOK = 512;
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
  const end = payloadIndex(payloadCount(disk) - 1, chunkRatio(disk)) + 1;
  return withLentBuffer(async (buffer) => {
    let firstMiB = 0;
    for (let start = 0, count: number; start < end; start += count) {
      // The first entries tell of most dynamic disks that they are not contiguous.
      const most = start === 0 && !disk.leaveBlocksAllocated ? FIRST_LOOK : LENT_SIZE / ENTRY_SIZE;
      count = Math.min(most, end - start);
      const bytes = buffer.subarray(0, count * ENTRY_SIZE);
      await file.readInto("block table", table.offset + BigInt(start * ENTRY_SIZE), bytes);
      const entries = tableView(bytes);
      if (start === 0) firstMiB = entryOffsetMiB(entries, 0);
      if (!areContiguous(disk, firstMiB, entries, start, count)) return undefined;
    }
    return BigInt(firstMiB) * MiB;
  });
}

/** Whether these `count` entries from `start` on are what `contiguousEntries` makes; bitmap entries are not looked at. */
function areContiguous(
  disk: DiskParameters,
  firstMiB: number,
  entries: DataView,
  start: number,
  count: number,
): boolean {
  const chunkEntries = chunkRatio(disk) + 1;
  const blockMiB = disk.blockSize / oneMiB;
  const chunk = Math.floor(start / chunkEntries);
  let bitmap = bitmapIndex(chunk, chunkEntries - 1) - start;
  let nextMiB = firstMiB + (start - chunk) * blockMiB;
  for (let index = 0; index < count; index++) {
    if (index === bitmap) {
      bitmap += chunkEntries;
      continue;
    }
    const follows = entryOffsetMiB(entries, index) === nextMiB;
    if (!follows || entryState(entries, index) !== blockState.fullyPresent) return false;
    nextMiB += blockMiB;
  }
  return true;
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
