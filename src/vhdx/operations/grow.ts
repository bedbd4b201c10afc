import { blockTableLayout, entryCount } from "../format/block-table.ts";
import { isVirtualSize, typeOf, type VhdxType } from "../format/disk-parameters.ts";
import { VhdxError } from "../error.ts";
import { withFile, type WritableFile } from "../storage/file.ts";
import { contiguousEntries, emptyEntries, payloadEnd, type TablePiece } from "../image/fixed-table.ts";
import { randomGuid } from "../format/guid.ts";
import { updateHeader } from "../format/header.ts";
import { type Image, mappablePayload, readImage } from "../image/image.ts";
import { commitThroughLog } from "../log/journal.ts";
import { recover } from "../log/replay.ts";

const ENTRY_SIZE = BigInt(blockTableLayout.entry.size);

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

/** Grows a dynamic disk in a file nobody has open; otherwise like `growFixed`. The new blocks are not present. */
export function growDynamic(path: string, newSize: bigint): Promise<void> {
  return withFile(path, "r+", (file) => growDynamicIn(file, newSize));
}

/** `growFixed` on an open file. */
export async function growFixedIn(file: WritableFile, newSize: bigint): Promise<void> {
  const image = await openForGrowth(file, "fixed", newSize);
  const { disk, regions } = image;
  if (disk.virtualSize === newSize) return;
  const payloadOffset = await mappablePayload(image);
  if (payloadOffset === undefined) {
    throw new VhdxError(
      "block table",
      regions.blockTable.offset,
      "the payload is not one stretch of the file",
    );
  }
  const oldEnd = payloadOffset + disk.virtualSize;
  const newEnd = payloadEnd(disk, payloadOffset, newSize);
  const inTheWay = regions.extents.find(({ offset }) => offset >= oldEnd && offset < newEnd);
  if (inTheWay) throw new VhdxError(inTheWay.name, inTheWay.offset, "lies where the payload would grow");
  await grow(file, image, newSize, newEnd, contiguousEntries(disk, payloadOffset, entryCount(disk), newSize));
}

/** `growDynamic` on an open file. */
export async function growDynamicIn(file: WritableFile, newSize: bigint): Promise<void> {
  const image = await openForGrowth(file, "dynamic", newSize);
  if (image.disk.virtualSize === newSize) return;
  await grow(file, image, newSize, 0n, emptyEntries(image.disk, newSize));
}

async function openForGrowth(file: WritableFile, type: VhdxType, newSize: bigint): Promise<Image> {
  await recover(file);
  const image = await readImage(file);
  const { disk, maximumSize, regions } = image;
  const refuse = (problem: string) => new VhdxError("virtual disk size", disk.virtualSizeOffset, problem);
  if (typeOf(disk) !== type) throw refuse(`the disk is ${typeOf(disk)}, not ${type}`);
  if (!isVirtualSize(newSize, disk.logicalSectorSize)) {
    throw new RangeError(`a disk of ${newSize} bytes is out of range or not made of whole sectors`);
  }
  if (newSize < disk.virtualSize) {
    throw refuse(`a disk of ${disk.virtualSize} bytes cannot shrink to ${newSize}`);
  }
  if (newSize > maximumSize) {
    const problem = `its region has room for a disk of ${maximumSize} bytes, not ${newSize}`;
    throw new VhdxError("block table", regions.blockTable.offset, problem);
  }
  return image;
}

/**
 * Up to the log entry's commit nothing that counts is changed: the entries lie behind those of the current size, and
 * a longer file means nothing. So one flush, the log's, serves them all.
 */
async function grow(
  file: WritableFile,
  { current, disk, regions }: Image,
  newSize: bigint,
  newEnd: bigint,
  entries: Iterable<TablePiece>,
): Promise<void> {
  const guids = { fileWriteGuid: randomGuid(), dataWriteGuid: randomGuid() };
  const opened = await updateHeader(file, current, guids);
  if (newEnd > (await file.size())) await file.resize(newEnd);
  for (const { first, bytes } of entries) {
    const offset = regions.blockTable.offset + BigInt(first) * ENTRY_SIZE;
    const present = await file.read("block table", offset, bytes.length);
    if (!present.equals(bytes)) await file.write(offset, bytes);
  }
  const value = Buffer.alloc(8);
  value.writeBigUInt64LE(newSize);
  await commitThroughLog(file, opened, disk.virtualSizeOffset, value);
}
