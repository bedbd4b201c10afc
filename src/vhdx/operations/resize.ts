import { type OpenOptions, ReadableDisk } from "../disk/readable-disk.ts";
import { readOccupancy, refuseMisplaced } from "../image/occupancy.ts";
import { recover } from "../log/replay.ts";
import { withFile, type WritableFile } from "../storage/file.ts";
import { grow } from "./growth.ts";
import { freeFrom, planGrowth } from "./plan-growth.ts";
import type { OnProgress } from "./progress.ts";
import { shrink } from "./shrink.ts";
import { checkNewSize } from "./size-change.ts";

export interface ResizeOptions extends OpenOptions {
  /** Bytes done and all of them: of the block table in growth, of the disk's end that must be zeros in shrinking. */
  readonly onProgress?: OnProgress;
}

/**
 * Gives the disk at `path`, which nobody has open, `newSize` bytes. What it gets new reads as zeros; what it loses must
 * read as zeros. A fixed disk whose payload is one stretch of the file stays so. A block table that has no room or lies
 * in the way moves behind everything else. A differencing disk needs its parents, and stays at least as large as
 * the first of them. The same size changes nothing, but a pending log is replayed.
 *
 * A power cut, and an abort, leave the old or the new size. RangeError when no disk of these sectors can have that size;
 * VhdxError when this one can't, when it or a parent is damaged, missing or has changed: then nothing was written.
 * [MS-VHDX] 2.3, 2.5, 2.6.2.2.
 */
export function resizeVhdx(path: string, newSize: bigint, options: ResizeOptions = {}): Promise<void> {
  return withFile(path, "r+", (file) => resizeIn(file, path, newSize, options));
}

/** `resizeVhdx` on an open file; `name` is its path. */
export async function resizeIn(
  file: WritableFile,
  name: string,
  newSize: bigint,
  options: ResizeOptions = {},
): Promise<void> {
  const disk = await ReadableDisk.on(file, name, options);
  try {
    const { image } = disk.layers[0];
    checkNewSize(image.disk, newSize);
    const occupancy = await readOccupancy(image, refuseMisplaced, options.signal);
    if (newSize > disk.virtualSize) {
      const free = freeFrom(await image.file.size(), occupancy.end);
      await grow(file, image, await planGrowth(disk.layers, free, newSize), options);
    } else if (newSize < disk.virtualSize) {
      await shrink(file, disk, newSize, options);
    } else {
      await recover(file);
    }
  } finally {
    await disk.close();
  }
}
