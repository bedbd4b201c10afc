import { chainExtents } from "../disk/chain-extents.ts";
import type { ReadableDisk } from "../disk/readable-disk.ts";
import { diskRange } from "../disk/range.ts";

/** A stretch of a disk that holds data. Bytes. */
export interface AllocatedExtent {
  readonly offset: bigint;
  readonly length: bigint;
  /** The image that holds it: 0 is the disk's own file, 1 its parent, and so on. */
  readonly depth: number;
  /** Where it lies in that image's file. */
  readonly fileOffset: bigint;
}

/** The part of a disk to look at, bytes; all of it unless given. */
export interface MapOptions {
  readonly offset?: bigint;
  readonly length?: bigint;
  readonly signal?: AbortSignal;
}

/**
 * The stretches of a disk that may hold anything but zeros, in order, as its block tables, sector bitmaps and the holes
 * of its files tell; no content is read. RangeError when the part leaves the disk.
 */
export async function* mapDisk(
  disk: ReadableDisk,
  options: MapOptions = {},
): AsyncGenerator<AllocatedExtent, void, undefined> {
  const offset = options.offset ?? 0n;
  const { start, end } = diskRange(disk.virtualSize, offset, options.length ?? disk.virtualSize - offset);
  for await (const extent of chainExtents(disk.layers, start, end, options.signal)) {
    if (extent.source === "zero") continue;
    yield {
      offset: BigInt(extent.start),
      length: BigInt(extent.end - extent.start),
      depth: extent.depth,
      fileOffset: BigInt(extent.fileOffset),
    };
  }
}
