import { rm } from "node:fs/promises";
import { MiB, roundUp } from "../kit/sizes.ts";
import { blockTableLayout, entryCount, tableCapacity } from "./block-table.ts";
import {
  diskLimits,
  type DiskParameters,
  isBlockSize,
  isSectorSize,
  isVirtualSize,
} from "./disk-parameters.ts";
import { encodeFileIdentifier } from "./file-identifier.ts";
import { withFile, type WritableFile } from "./file.ts";
import { contiguousEntries, payloadEnd } from "./fixed-table.ts";
import { normalizeGuid, randomGuid, ZERO_GUID } from "./guid.ts";
import { encodeHeader, type Header, headerLayout } from "./header.ts";
import type { VhdxInfo } from "./inspect.ts";
import { encodedMetadataTable, encodeItems, metadataItems } from "./metadata.ts";
import { encodeRegionTable, regionIds, regionTableLayout } from "./region-table.ts";

/** Where Windows puts things in a new file; the payload follows the block table. */
const fileLayout = {
  log: { offset: MiB, length: Number(MiB) },
  metadata: { offset: 2n * MiB, length: Number(MiB) },
  blockTable: 3n * MiB,
} as const;

const defaults = {
  fixedBlock: 2 << 20,
  dynamicBlock: 32 << 20,
  logicalSector: 512,
  physicalSector: 4096,
  creator: "csi-driver-hyperv",
} as const;

/** What to create. Sizes in bytes. */
export interface CreateVhdxOptions {
  /** Fixed: the whole payload in one stretch of a sparse file. Dynamic: no block allocated. */
  type: "fixed" | "dynamic";
  /** At most 64 TiB; whole logical sectors, and whole blocks in a fixed disk. */
  size: bigint;
  virtualDiskId: string;
  /** A power of two from 1 MiB to 256 MiB; 2 MiB for fixed and 32 MiB for dynamic disks unless given. */
  blockSize?: number;
  /** Room is kept for the disk to grow to this size in place; no more than `size` unless given. */
  maximumSize?: bigint;
  logicalSectorSize?: 512 | 4096;
  physicalSectorSize?: 512 | 4096;
  /** At most 256 UTF-16 units. */
  creator?: string;
}

/** The new file, decided but for its place. */
interface Plan {
  readonly disk: DiskParameters;
  readonly tableLength: number;
  readonly header: Header;
  readonly creator: string;
  readonly payloadOffset: bigint | undefined;
  readonly fileSize: bigint;
}

/**
 * Creates a VHDX file that was not there (EEXIST otherwise). Its contents are durable when the promise resolves; the
 * caller makes its name so. On failure nothing stays. RangeError when an option is out of range.
 */
export async function createVhdx(path: string, options: CreateVhdxOptions): Promise<VhdxInfo> {
  const plan = planFile(options);
  await withFile(path, "wx", async (file) => {
    try {
      await writeFile(file, plan);
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
  });
  const { disk, header } = plan;
  return {
    type: options.type,
    virtualSize: disk.virtualSize,
    blockSize: disk.blockSize,
    logicalSectorSize: disk.logicalSectorSize,
    physicalSectorSize: disk.physicalSectorSize,
    virtualDiskId: disk.virtualDiskId,
    dataWriteGuid: header.dataWriteGuid,
    fileWriteGuid: header.fileWriteGuid,
    creator: plan.creator,
    fileSize: plan.fileSize,
    maximumSize: tableCapacity(disk, plan.tableLength),
    payloadOffset: plan.payloadOffset,
    logReplayPending: false,
  };
}

function planFile(options: CreateVhdxOptions): Plan {
  const fixed = options.type === "fixed";
  const disk: DiskParameters = {
    blockSize: options.blockSize ?? (fixed ? defaults.fixedBlock : defaults.dynamicBlock),
    leaveBlocksAllocated: fixed,
    hasParent: false,
    virtualSize: options.size,
    logicalSectorSize: options.logicalSectorSize ?? defaults.logicalSector,
    physicalSectorSize: options.physicalSectorSize ?? defaults.physicalSector,
    virtualDiskId: normalizeGuid(options.virtualDiskId),
  };
  const maximumSize = options.maximumSize ?? options.size;
  checkOptions(disk, maximumSize);
  const tableBytes = entryCount(disk, maximumSize) * blockTableLayout.entry.size;
  const tableLength = Number(roundUp(BigInt(tableBytes), MiB));
  const tableEnd = fileLayout.blockTable + BigInt(tableLength);
  return {
    disk,
    tableLength,
    header: {
      sequenceNumber: 1n,
      fileWriteGuid: randomGuid(),
      dataWriteGuid: randomGuid(),
      logGuid: ZERO_GUID,
      logLength: fileLayout.log.length,
      logOffset: fileLayout.log.offset,
    },
    creator: options.creator ?? defaults.creator,
    payloadOffset: fixed ? tableEnd : undefined,
    fileSize: fixed ? payloadEnd(disk, tableEnd, disk.virtualSize) : tableEnd,
  };
}

function checkOptions(disk: DiskParameters, maximumSize: bigint): void {
  const { blockSize, virtualSize, logicalSectorSize, physicalSectorSize } = disk;
  if (!isBlockSize(blockSize)) throw new RangeError(`a block of ${blockSize} bytes is out of range`);
  if (!isSectorSize(logicalSectorSize) || !isSectorSize(physicalSectorSize)) {
    throw new RangeError("sectors have 512 or 4096 bytes");
  }
  if (!isVirtualSize(virtualSize, logicalSectorSize)) {
    throw new RangeError(`a disk of ${virtualSize} bytes is out of range or not made of whole sectors`);
  }
  if (disk.leaveBlocksAllocated && virtualSize % BigInt(blockSize) !== 0n) {
    throw new RangeError(`a fixed disk of ${virtualSize} bytes is not made of whole blocks`);
  }
  if (maximumSize < virtualSize || maximumSize > diskLimits.virtualSize) {
    throw new RangeError(`a maximum size of ${maximumSize} bytes is out of range`);
  }
}

/** Writes only what is not zero. Headers come last: without them the file is no VHDX. */
async function writeFile(file: WritableFile, plan: Plan): Promise<void> {
  const { disk, header, payloadOffset } = plan;
  const regions = encodeRegionTable([
    { id: regionIds.blockTable, offset: fileLayout.blockTable, length: plan.tableLength, required: true },
    { id: regionIds.metadata, ...fileLayout.metadata, required: true },
  ]);
  const itemsOffset = fileLayout.metadata.offset + BigInt(metadataItems.fileParameters.offset);
  await file.resize(plan.fileSize);
  await file.write(0n, encodeFileIdentifier(plan.creator));
  for (const offset of regionTableLayout.copies) await file.write(offset, regions);
  await file.write(fileLayout.metadata.offset, encodedMetadataTable);
  await file.write(itemsOffset, encodeItems(disk));
  if (payloadOffset !== undefined) {
    for (const { first, bytes } of contiguousEntries(disk, payloadOffset, 0, disk.virtualSize)) {
      await file.write(fileLayout.blockTable + BigInt(first * blockTableLayout.entry.size), bytes);
    }
  }
  const [first, second] = headerLayout.copies;
  await file.write(first, encodeHeader(header));
  await file.write(second, encodeHeader({ ...header, sequenceNumber: header.sequenceNumber + 1n }));
  await file.flush();
}
