import { TiB } from "../../kit/sizes.ts";

/** What the format allows. Bytes. */
export const diskLimits = {
  virtualSize: 64n * TiB,
  /** Of the file; the limit is ours: every offset below it is exact as a number. */
  fileSize: 128n * TiB,
  smallestBlock: 1 << 20,
  largestBlock: 256 << 20,
} as const;

/** What makes a virtual disk, apart from its data: the metadata items. Sizes in bytes. [MS-VHDX] 2.6.2. */
export interface DiskParameters {
  readonly blockSize: number;
  /** Set in fixed disks. */
  readonly leaveBlocksAllocated: boolean;
  /** Set in differencing disks. */
  readonly hasParent: boolean;
  readonly virtualSize: bigint;
  readonly logicalSectorSize: number;
  readonly physicalSectorSize: number;
  readonly virtualDiskId: string;
}

/** A power of two within the limits. */
export function isBlockSize(bytes: number): boolean {
  const { smallestBlock, largestBlock } = diskLimits;
  return Number.isInteger(Math.log2(bytes)) && bytes >= smallestBlock && bytes <= largestBlock;
}

/** Whole sectors, at least one, at most 64 TiB. */
export function isVirtualSize(bytes: bigint, logicalSectorSize: number): boolean {
  return bytes > 0n && bytes <= diskLimits.virtualSize && bytes % BigInt(logicalSectorSize) === 0n;
}

/** 512 or 4096. */
export function isSectorSize(bytes: number): boolean {
  return bytes === 512 || bytes === 4096;
}

/** The three kinds of VHDX. */
export type VhdxType = "fixed" | "dynamic" | "differencing";

/** The kind of disk these parameters make. */
export function typeOf(disk: DiskParameters): VhdxType {
  if (disk.hasParent) return "differencing";
  return disk.leaveBlocksAllocated ? "fixed" : "dynamic";
}
