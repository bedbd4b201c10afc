import { stat } from "node:fs/promises";
import { type ParentLocator, scsiPage83, type VhdxInfo } from "../../vhdx/index.ts";

/** Size of the units that a file system counts a file's space in, whatever its blocks are. */
const UNIT = 512n;

/** The same facts with null for what may be undefined: JSON would leave that out. */
type Nullable<T> = {
  [Name in keyof T]-?: undefined extends T[Name] ? Exclude<T[Name], undefined> | null : T[Name];
};

/** A VHDX file as `--json` shows it. Names are for programs and do not change; what is not there is null. */
export interface ImageDocument extends Nullable<Omit<VhdxInfo, "parentLocator">> {
  readonly file: string;
  readonly sizeOnDisk: bigint;
  readonly page83: string;
  readonly parentLocator: Nullable<ParentLocator> | null;
}

export async function imageDocument(file: string, info: VhdxInfo): Promise<ImageDocument> {
  return {
    file,
    type: info.type,
    virtualSize: info.virtualSize,
    fileSize: info.fileSize,
    sizeOnDisk: await sizeOnDisk(file),
    maximumSize: info.maximumSize,
    blockSize: info.blockSize,
    logicalSectorSize: info.logicalSectorSize,
    physicalSectorSize: info.physicalSectorSize,
    virtualDiskId: info.virtualDiskId,
    page83: scsiPage83(info.virtualDiskId),
    dataWriteGuid: info.dataWriteGuid,
    fileWriteGuid: info.fileWriteGuid,
    creator: info.creator,
    payloadOffset: info.payloadOffset ?? null,
    logReplayPending: info.logReplayPending,
    parentLocator: info.parentLocator === undefined ? null : locatorDocument(info.parentLocator),
  };
}

/** Bytes that the file takes of its file system: holes take none. */
export async function sizeOnDisk(file: string): Promise<bigint> {
  const { blocks } = await stat(file, { bigint: true });
  return blocks * UNIT;
}

function locatorDocument(locator: ParentLocator): Nullable<ParentLocator> {
  const { linkage, linkage2, relativePath, volumePath, absolutePath } = locator;
  return {
    linkage,
    linkage2: linkage2 ?? null,
    relativePath: relativePath ?? null,
    volumePath: volumePath ?? null,
    absolutePath: absolutePath ?? null,
  };
}
