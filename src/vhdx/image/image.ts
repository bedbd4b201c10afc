import { blockTableLayout, entryCount, tableCapacity } from "../format/block-table.ts";
import { VhdxError } from "../error.ts";
import type { Extent } from "../format/extent.ts";
import { readCreator } from "../format/file-identifier.ts";
import type { ReadableFile } from "../storage/file.ts";
import { findContiguousPayload } from "./fixed-table.ts";
import { type CurrentHeader, readHeaders } from "../format/header.ts";
import { type DiskMetadata, readMetadata } from "../format/metadata.ts";
import { metadataTableLayout } from "../format/metadata-table.ts";
import { overlay } from "../log/overlay.ts";
import { readPendingLog } from "../log/pending-log.ts";
import { withKnownSize, withWindow } from "../storage/window.ts";
import { readRegions, type Regions, regionTableLayout } from "../format/region-table.ts";

/** Identifier, headers and the first region table: one read. */
const FRONT = Number(regionTableLayout.copies[0]) + regionTableLayout.size;

/** Enough of the metadata region for the table and the items where Windows and qemu put them. */
const METADATA_FRONT = metadataTableLayout.size + 4096;

/** Everything about an open image except its block table. */
export interface Image {
  /** The file as it is once its log has been replayed. */
  readonly file: ReadableFile;
  readonly creator: string;
  readonly current: CurrentHeader;
  readonly regions: Regions;
  readonly disk: DiskMetadata;
  /** The largest virtual size the block table's region has room for. */
  readonly maximumSize: bigint;
  /** A writer was cut off: the log must be replayed before the file is written. */
  readonly logReplayPending: boolean;
}

/** Reads and validates everything up to the block table, writing nothing. VhdxError when anything is wrong. */
export async function readImage(diskFile: ReadableFile): Promise<Image> {
  const now = await withKnownSize(diskFile);
  const { creator, current, pending, file, regions } = await withWindow(now, 0n, FRONT, (front) =>
    readFront(front, now),
  );
  const disk = await withWindow(file, regions.metadata.offset, METADATA_FRONT, (nearby) =>
    readMetadata(nearby, regions.metadata),
  );
  const { blockTable } = regions;
  if (entryCount(disk) * blockTableLayout.entry.size > blockTable.length) {
    throw new VhdxError("block table", blockTable.offset, "its region is too small for the disk");
  }
  const maximumSize = tableCapacity(disk, blockTable.length);
  return { file, creator, current, regions, disk, maximumSize, logReplayPending: pending };
}

/** What lies in the first 256 KiB; `front` reads them. */
async function readFront(front: ReadableFile, diskFile: ReadableFile) {
  const creator = await readCreator(front);
  const current = await readHeaders(front);
  const { header } = current;
  const pending = await readPendingLog(front, header);
  const file = pending ? overlay(diskFile, pending) : diskFile;
  const log: Extent = { name: "log", offset: header.logOffset, length: BigInt(header.logLength) };
  const regions = await readRegions(pending ? file : front, log);
  return { creator, current, file, regions, pending: pending !== undefined };
}

/**
 * Where the payload starts when the disk can be mapped as one stretch of the file: it has no parent, all blocks are
 * present and consecutive, and the stretch lies inside the file and clear of all other structures.
 */
export async function mappablePayload(image: Image): Promise<bigint | undefined> {
  const { file, regions, disk } = image;
  if (disk.hasParent) return undefined;
  const size = await file.size();
  // Blocks that are all present need the room: of most dynamic disks the table need not be read.
  if (size < disk.virtualSize) return undefined;
  const start = await findContiguousPayload(file, regions.blockTable, disk);
  if (start === undefined) return undefined;
  const end = start + disk.virtualSize;
  if (end > size) return undefined;
  const clear = regions.extents.every(({ offset, length }) => end <= offset || start >= offset + length);
  return clear ? start : undefined;
}
