import { typeOf } from "../format/disk-parameters.ts";
import { VhdxError } from "../error.ts";
import { mappablePayload, readImage } from "../image/image.ts";
import { recover } from "../log/replay.ts";
import { withFile, type WritableFile } from "../storage/file.ts";
import { grow } from "./growth.ts";
import { contiguousGrowth } from "./plan-growth.ts";
import { checkNewSize, sizeError } from "./size-change.ts";

export interface GrowFixedOptions {
  /** Runs once the file durably has the new size, also when it had it before. */
  readonly afterCommit?: () => Promise<void>;
}

/**
 * Grows a fixed disk whose payload is one stretch of the file, in place, to `newSize` bytes. Writes outside the payload
 * only, so a loop device may have that mapped; no other writer may have the file open. A crash leaves the old
 * or the new size (the file itself may be longer), and growing again completes it. The same size changes nothing.
 * VhdxError when the file is damaged, not such a disk, larger than `newSize`, or has no room for it in its block
 * table; RangeError when no disk of these sectors can have that size.
 */
export function growFixed(path: string, newSize: bigint, options: GrowFixedOptions = {}): Promise<void> {
  return withFile(path, "r+", async (file) => {
    await growFixedIn(file, newSize);
    await options.afterCommit?.();
  });
}

/** `growFixed` on an open file. */
export async function growFixedIn(file: WritableFile, newSize: bigint): Promise<void> {
  const image = await readImage(file);
  const { disk, maximumSize, regions } = image;
  const tableError = (problem: string) => new VhdxError("block table", regions.blockTable.offset, problem);
  if (typeOf(disk) !== "fixed") throw sizeError(disk, `the disk is ${typeOf(disk)}, not fixed`);
  checkNewSize(disk, newSize);
  if (newSize < disk.virtualSize) {
    throw sizeError(disk, `a disk of ${disk.virtualSize} bytes cannot shrink to ${newSize}`);
  }
  if (newSize === disk.virtualSize) {
    await recover(file);
    return;
  }
  if (newSize > maximumSize) {
    throw tableError(`its region has room for a disk of ${maximumSize} bytes, not ${newSize}`);
  }
  const payloadOffset = await mappablePayload(image);
  if (payloadOffset === undefined) throw tableError("the payload is not one stretch of the file");
  const growth = contiguousGrowth(image, payloadOffset, 0n, newSize);
  if (growth.tableIsInTheWay) throw tableError("lies where the payload would grow");
  await grow(file, image, growth);
}
