import { StatusError } from "../../../kit/errors.ts";
import { formatSize, MiB, roundUp, TiB } from "../../../kit/sizes.ts";
import { isBlockSize } from "../../../vhdx/index.ts";
import type { SizeRange } from "../model.ts";

/** Smallest volume in bytes. */
export const SMALLEST_VOLUME = 6n * MiB;
/** Largest VHDX ([MS-VHDX] 2.6.2.4). */
export const LARGEST_VOLUME = 64n * TiB;

/** From here on disks get large blocks: a block table of small ones would be hundreds of megabytes. */
const LARGE_BLOCKS_FROM = 1n * TiB;
const SMALL_BLOCK = 2n * MiB;
const LARGE_BLOCK = 32n * MiB;

/** How a disk is laid out: whole blocks, and a block table with room to grow into. */
export interface DiskLayout {
  /** Bytes the guest sees. */
  readonly size: bigint;
  readonly blockSize: number;
  /** Bytes up to which the disk can grow in place. */
  readonly maximumSize: bigint;
}

/** Blocks that a disk of small ones has room for. */
const MOST_SMALL_BLOCKS = 1n << 20n;

/**
 * The layout of a new volume for the bytes asked for, rounded up to whole blocks.
 * @param blockSize bytes; undefined for what suits the size.
 * @throws StatusError INVALID_ARGUMENT for a negative size or what is no block size, OUT_OF_RANGE for a size no disk can have.
 */
export function layoutFor(range: SizeRange, blockSize?: bigint): DiskLayout {
  const required = range.required < SMALLEST_VOLUME ? SMALLEST_VOLUME : range.required;
  const block = blockSize ?? usualBlock(required);
  if (!isBlockSize(Number(block))) {
    throw new StatusError(
      "INVALID_ARGUMENT",
      `a block of ${block} bytes is not a power of two from 1 MiB to 256 MiB`,
    );
  }
  const size = sizeInRange(range, required, block);
  const maximumSize = block >= LARGE_BLOCK ? LARGEST_VOLUME : block * MOST_SMALL_BLOCKS;
  if (size <= maximumSize) return { size, blockSize: Number(block), maximumSize };
  throw new StatusError(
    "OUT_OF_RANGE",
    `a disk with blocks of ${formatSize(block)} has at most ${formatSize(maximumSize)}; ${formatSize(size)} need larger blocks`,
  );
}

/** Bytes of a block in a disk of so many bytes, where nobody asks for others. */
export function usualBlock(size: bigint): bigint {
  return size >= LARGE_BLOCKS_FROM ? LARGE_BLOCK : SMALL_BLOCK;
}

/**
 * The bytes a disk gets: at least `least`, in whole blocks, within the range asked for.
 * @throws StatusError as {@link layoutFor}
 */
export function sizeInRange({ required, limit }: SizeRange, least: bigint, block: bigint): bigint {
  if (required < 0n) throw new StatusError("INVALID_ARGUMENT", `size ${required} is negative`);
  const size = roundUp(least, block);
  if (required > LARGEST_VOLUME || size > LARGEST_VOLUME) {
    throw new StatusError(
      "OUT_OF_RANGE",
      `size ${required} is more than the largest volume, ${formatSize(LARGEST_VOLUME)}`,
    );
  }
  if (limit !== undefined && size > limit) {
    throw new StatusError(
      "OUT_OF_RANGE",
      `the smallest disk for ${required} bytes has ${size}, more than the limit of ${limit}`,
    );
  }
  return size;
}

/** Whether a size is one of those asked for. */
export function isWithin(size: bigint, { required, limit }: SizeRange): boolean {
  return size >= required && size <= (limit ?? required);
}
