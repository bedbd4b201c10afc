import { MiB, roundUp } from "../../kit/sizes.ts";
import { blockTableLayout, entryCount, tableCapacity } from "../format/block-table.ts";
import {
  diskLimits,
  type DiskParameters,
  isBlockSize,
  isSectorSize,
  isVirtualSize,
} from "../format/disk-parameters.ts";
import { encodeFileIdentifier } from "../format/file-identifier.ts";
import { contiguousEntries, payloadEnd } from "../image/fixed-table.ts";
import { normalizeGuid, randomGuid, ZERO_GUID } from "../format/guid.ts";
import { encodeHeader, type Header, headerLayout } from "../format/header.ts";
import type { VhdxInfo } from "../image/inspect.ts";
import { encodedMetadataTable, encodeItems, metadataItems } from "../format/metadata.ts";
import { encodeRegionTable, regionIds, regionTableLayout } from "../format/region-table.ts";

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
export interface NewImageOptions {
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

/** A VHDX file that does not exist yet: everything in it that is not zero. */
export interface NewImage {
  readonly info: VhdxInfo;
  /** Bytes of the file. */
  readonly size: bigint;
  /** What to write, in this order: headers come last, without them the file is no VHDX. */
  readonly pieces: Iterable<FilePiece>;
}

/** Bytes at a place in the file. */
export interface FilePiece {
  readonly offset: bigint;
  readonly bytes: Uint8Array;
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

/** Lays out a new file without writing it. RangeError when an option is out of range. */
export function newVhdxImage(options: NewImageOptions): NewImage {
  const plan = planFile(options);
  const { disk, header } = plan;
  const info: VhdxInfo = {
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
  return { info, size: plan.fileSize, pieces: { [Symbol.iterator]: () => piecesOf(plan) } };
}

function planFile(options: NewImageOptions): Plan {
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

function* piecesOf({ disk, header, payloadOffset, creator, tableLength }: Plan): Generator<FilePiece> {
  const regions = encodeRegionTable([
    { id: regionIds.blockTable, offset: fileLayout.blockTable, length: tableLength, required: true },
    { id: regionIds.metadata, ...fileLayout.metadata, required: true },
  ]);
  const itemsOffset = fileLayout.metadata.offset + BigInt(metadataItems.fileParameters.offset);
  yield { offset: 0n, bytes: encodeFileIdentifier(creator) };
  for (const offset of regionTableLayout.copies) yield { offset, bytes: regions };
  yield { offset: fileLayout.metadata.offset, bytes: encodedMetadataTable };
  yield { offset: itemsOffset, bytes: encodeItems(disk) };
  if (payloadOffset !== undefined) {
    for (const { first, bytes } of contiguousEntries(disk, payloadOffset, 0, disk.virtualSize)) {
      yield { offset: fileLayout.blockTable + BigInt(first * blockTableLayout.entry.size), bytes };
    }
  }
  const [first, second] = headerLayout.copies;
  yield { offset: first, bytes: encodeHeader(header) };
  yield { offset: second, bytes: encodeHeader({ ...header, sequenceNumber: header.sequenceNumber + 1n }) };
}
