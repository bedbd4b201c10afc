import type { DiskParameters } from "./disk-parameters.ts";
import { diskLimits } from "./disk-parameters.ts";

/**
 * Block allocation table (BAT): one entry per payload block, and behind every `chunkRatio` of them one entry for
 * a sector bitmap block, used in differencing disks only. [MS-VHDX] 2.5.
 */
export const blockTableLayout = {
  /** 64 bits, little-endian: state in bits 0-2, file offset in MiB in bits 20-63. */
  entry: { size: 8, high: 4, stateMask: 7, offsetShift: 20 },
  /** One sector bitmap block has a bit for each of so many logical sectors. */
  sectorsPerBitmap: 2 ** 23,
} as const;

/** States of a payload block; a sector bitmap block is `notPresent` or `fullyPresent`. [MS-VHDX] 2.5.1.1. */
export const blockState = {
  notPresent: 0,
  undefined: 1,
  zero: 2,
  unmapped: 3,
  fullyPresent: 6,
  /** `unmapped` in version 0.95 of the format. */
  unmappedBefore1: 5,
  partiallyPresent: 7,
} as const;

const { entry: entryLayout, sectorsPerBitmap } = blockTableLayout;
const MIB = 1 << 20;
const highUnit = 2 ** (32 - entryLayout.offsetShift);

/** How many payload blocks share a sector bitmap block: 16 (256 MiB blocks of 512-byte sectors) to 32768. */
export function chunkRatio(disk: DiskParameters): number {
  return (sectorsPerBitmap * disk.logicalSectorSize) / disk.blockSize;
}

/** Number of payload blocks a disk of `virtualSize` bytes has. */
export function payloadCount(disk: DiskParameters, virtualSize = disk.virtualSize): number {
  return Math.ceil(Number(virtualSize) / disk.blockSize);
}

/** Place in the table of payload block `block`. */
export function payloadIndex(block: number, ratio: number): number {
  return block + Math.floor(block / ratio);
}

/** Place in the table of the sector bitmap of chunk `chunk`. */
export function bitmapIndex(chunk: number, ratio: number): number {
  return chunk * (ratio + 1) + ratio;
}

/** Entries the table needs: up to the last payload block, or in a differencing disk up to its sector bitmap. */
export function entryCount(disk: DiskParameters, virtualSize = disk.virtualSize): number {
  const ratio = chunkRatio(disk);
  const lastBlock = payloadCount(disk, virtualSize) - 1;
  if (disk.hasParent) return bitmapIndex(Math.floor(lastBlock / ratio), ratio) + 1;
  return payloadIndex(lastBlock, ratio) + 1;
}

/** Bytes of a new table's region, whole MiB: the disk can grow to four times its size before it needs another one. */
export function tableLength(disk: DiskParameters, virtualSize: bigint): number {
  const wanted = 4 * entryCount(disk, virtualSize) * entryLayout.size;
  const most = entryCount(disk, diskLimits.virtualSize) * entryLayout.size;
  return Math.ceil(Math.min(wanted, most) / MIB) * MIB;
}

/** The largest virtual size a table of `length` bytes can describe, at most what the format allows. */
export function tableCapacity(disk: DiskParameters, length: number): bigint {
  const entries = Math.floor(length / entryLayout.size);
  const chunkEntries = chunkRatio(disk) + 1;
  const chunks = Math.floor(entries / chunkEntries);
  const blocks = disk.hasParent ? chunks * chunkRatio(disk) : entries - chunks;
  const size = BigInt(blocks) * BigInt(disk.blockSize);
  return size < diskLimits.virtualSize ? size : diskLimits.virtualSize;
}

/** State of entry `index` within these table bytes. */
export function entryState(table: DataView, index: number): number {
  return table.getUint32(index * entryLayout.size, true) & entryLayout.stateMask;
}

/** File offset in MiB of entry `index` within these table bytes, below 2^44. */
export function entryOffsetMiB(table: DataView, index: number): number {
  const at = index * entryLayout.size;
  const low = table.getUint32(at, true) >>> entryLayout.offsetShift;
  return table.getUint32(at + entryLayout.high, true) * highUnit + low;
}

/** Packs one entry into these table bytes. */
export function writeEntry(table: DataView, index: number, state: number, offsetMiB: number): void {
  const at = index * entryLayout.size;
  const low = offsetMiB % highUnit;
  table.setUint32(at, (low << entryLayout.offsetShift) | state, true);
  table.setUint32(at + entryLayout.high, (offsetMiB - low) / highUnit, true);
}

/** The view in which entries are packed and unpacked: of all byte accessors the engine's fastest. */
export function tableView(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
