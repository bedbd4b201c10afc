import { roundUp } from "../../kit/sizes.ts";
import { chainExtents } from "../disk/chain-extents.ts";
import type { ReadableDisk } from "../disk/readable-disk.ts";
import { emptyEntries } from "../image/fixed-table.ts";
import type { WritableFile } from "../storage/file.ts";
import { isZero } from "../storage/zeros.ts";
import { cutFile } from "./cut-file.ts";
import { type OnProgress, progressOf } from "./progress.ts";
import { putEntries } from "./relocate-table.ts";
import { beginChange, sizeChange, sizeError } from "./size-change.ts";

/** Read at once. */
const PIECE = 1 << 20;

export interface ShrinkOptions {
  readonly signal?: AbortSignal;
  /** Bytes of the disk's end that were looked at. */
  readonly onProgress?: OnProgress;
}

/**
 * Takes the end off the disk in `file`, which is open as `disk`: everything from `newSize` on must read as zeros. The
 * file is cut behind the last thing in it. VhdxError, and nothing changed, when there is data or the disk would be
 * smaller than its parent. A power cut leaves the old or the new size.
 */
export async function shrink(
  file: WritableFile,
  disk: ReadableDisk,
  newSize: bigint,
  options: ShrinkOptions = {},
): Promise<void> {
  const [{ image }, parent] = disk.layers;
  if (parent !== undefined && parent.image.disk.virtualSize > newSize) {
    const problem = `the disk cannot have ${newSize} bytes, fewer than the ${parent.virtualSize} of its parent`;
    throw sizeError(image.disk, problem);
  }
  await requireZeros(disk, newSize, options);

  const log = await beginChange(file);
  await log.commit(await sizeChange(file, image.disk, newSize));
  // The entries are not in use any more; the blocks they name get lost when they are not cleared.
  const shrunk = { ...image.disk, virtualSize: newSize };
  await putEntries(file, image.regions.blockTable.offset, emptyEntries(shrunk, disk.virtualSize));
  await log.finish();
  await cutFile(file);
}

async function requireZeros(
  disk: ReadableDisk,
  newSize: bigint,
  { signal, onProgress }: ShrinkOptions,
): Promise<void> {
  const start = Number(newSize);
  const end = Number(disk.virtualSize);
  const progress = progressOf(disk.virtualSize - newSize, onProgress);
  const buffer = Buffer.allocUnsafe(PIECE);
  for await (const extent of chainExtents(disk.layers, start, end, signal)) {
    for (let at = extent.start; extent.source === "file" && at < extent.end; at += PIECE) {
      const bytes = buffer.subarray(0, Math.min(PIECE, extent.end - at));
      await disk.read(BigInt(at), bytes, signal);
      if (!isZero(bytes)) refuseData(disk, at + bytes.findIndex((byte) => byte !== 0));
      progress(BigInt(at + bytes.length - start));
    }
    progress(BigInt(extent.end - start));
  }
}

function refuseData(disk: ReadableDisk, offset: number): never {
  const { disk: metadata } = disk.layers[0].image;
  const smallest = roundUp(BigInt(offset) + 1n, BigInt(metadata.logicalSectorSize));
  throw sizeError(
    metadata,
    `there is data at byte ${offset} of the disk: it can't have fewer than ${smallest} bytes`,
  );
}
