import { typeOf, type VhdxType } from "../format/disk-parameters.ts";
import type { ParentLocator } from "../format/parent-locator.ts";
import { withFile } from "../storage/file.ts";
import { VhdxError } from "../error.ts";
import { readCreator } from "../format/file-identifier.ts";
import { mappablePayload, readImage } from "./image.ts";

/** What a VHDX file is. Sizes in bytes, GUIDs lower-case without braces. */
export interface VhdxInfo {
  type: VhdxType;
  /** What the disk's user sees. */
  virtualSize: bigint;
  blockSize: number;
  logicalSectorSize: number;
  physicalSectorSize: number;
  virtualDiskId: string;
  dataWriteGuid: string;
  fileWriteGuid: string;
  /** Free text naming the software that made the file. */
  creator: string;
  fileSize: bigint;
  /** The largest virtual size the disk can grow to without moving its block table. */
  maximumSize: bigint;
  /**
   * Defined when the bytes of the disk are the bytes of the file from here on: no parent, every block present, in
   * order, without gaps, inside the file.
   */
  payloadOffset: bigint | undefined;
  /** A writer was cut off; everything here is as it will be after the log's replay. */
  logReplayPending: boolean;
  /** Where a differencing disk says that its parent is. */
  parentLocator: ParentLocator | undefined;
}

/**
 * Reads and validates a file without ever writing to it; a pending log is replayed in memory. Walks the block
 * table while its blocks are consecutive. VhdxError when the file is no VHDX or is damaged.
 */
export function inspectVhdx(path: string): Promise<VhdxInfo> {
  return withFile(path, "r", async (file) => {
    const image = await readImage(file);
    const { disk } = image;
    const { header } = image.current;
    return {
      type: typeOf(disk),
      virtualSize: disk.virtualSize,
      blockSize: disk.blockSize,
      logicalSectorSize: disk.logicalSectorSize,
      physicalSectorSize: disk.physicalSectorSize,
      virtualDiskId: disk.virtualDiskId,
      dataWriteGuid: header.dataWriteGuid,
      fileWriteGuid: header.fileWriteGuid,
      creator: image.creator,
      // Read with the image, unless that is the file as its log will leave it.
      fileSize: await (image.logReplayPending ? file : image.file).size(),
      maximumSize: image.maximumSize,
      payloadOffset: await mappablePayload(image),
      logReplayPending: image.logReplayPending,
      parentLocator: disk.parentLocator,
    };
  });
}

/** Whether the file at `path` says that it is a VHDX, whatever follows. */
export function looksLikeVhdx(path: string): Promise<boolean> {
  return withFile(path, "r", async (file) => {
    try {
      await readCreator(file);
      return true;
    } catch (error) {
      if (error instanceof VhdxError) return false;
      throw error;
    }
  });
}

/** The part of `VhdxInfo` that takes no look at the block table. */
export type VhdxIdentity = Pick<
  VhdxInfo,
  "virtualDiskId" | "virtualSize" | "type" | "blockSize" | "maximumSize" | "creator"
>;

/** Like `inspectVhdx`, in two short reads however large the disk is: for finding out which disk a file is. */
export function readIdentity(path: string): Promise<VhdxIdentity> {
  return withFile(path, "r", async (file) => {
    const { disk, maximumSize, creator } = await readImage(file);
    const { virtualDiskId, virtualSize, blockSize } = disk;
    return { virtualDiskId, virtualSize, type: typeOf(disk), blockSize, maximumSize, creator };
  });
}
