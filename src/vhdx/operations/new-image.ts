import { MiB, roundUp } from "../../kit/sizes.ts";
import { blockTableLayout, entryCount, tableCapacity, tableLength } from "../format/block-table.ts";
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
import {
  encodedMetadataTable,
  encodeItems,
  metadataItems,
  metadataTableWithParent,
  parentLocatorItem,
} from "../format/metadata.ts";
import { decodeParentLocator, encodeParentLocator, type ParentLocator } from "../format/parent-locator.ts";
import { encodeRegionTable, regionIds, regionTableLayout } from "../format/region-table.ts";

/** Where Windows puts things in a new file; the payload follows the block table. */
const fileLayout = {
  log: { offset: MiB, length: Number(MiB) },
  metadata: { offset: 2n * MiB, length: Number(MiB) },
  blockTable: 3n * MiB,
} as const;

const defaults = {
  otherBlock: 2 << 20,
  dynamicBlock: 32 << 20,
  logicalSector: 512,
  physicalSector: 4096,
  creator: "csi-driver-hyperv",
} as const;

/** What all new disks have in common. Sizes in bytes. */
interface CommonOptions {
  /** At most 64 TiB; whole logical sectors. */
  readonly size: bigint;
  readonly virtualDiskId: string;
  /** A power of two from 1 MiB to 256 MiB; 32 MiB for dynamic and 2 MiB for other disks unless given. */
  readonly blockSize?: number;
  /** Room is kept for the disk to grow to this size in place; four times `size` unless more is given. */
  readonly maximumSize?: bigint;
  readonly logicalSectorSize?: 512 | 4096;
  readonly physicalSectorSize?: 512 | 4096;
  /** At most 256 UTF-16 units. */
  readonly creator?: string;
}

/** A disk that stands alone. */
export type NewDiskOptions = CommonOptions & { readonly type: "fixed" | "dynamic" };

/** A disk on top of another one. */
export type NewChildOptions = CommonOptions & {
  readonly type: "differencing";
  readonly parent: ParentLocator;
};

/**
 * What to create. Fixed: the whole payload in one stretch of a sparse file, the last block whole. Dynamic: no block
 * allocated. Differencing: everything is the parent's.
 */
export type NewImageOptions = NewDiskOptions | NewChildOptions;

/** A VHDX file that does not exist yet: everything in it that is not zero. */
export interface NewImage {
  readonly info: VhdxInfo;
  /** Bytes of the file. */
  readonly size: bigint;
  /** Everything but the headers: it must be durable before them. */
  readonly body: Iterable<FilePiece>;
  /** Without them the file is no VHDX. */
  readonly headers: readonly FilePiece[];
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
  readonly parentLocator: Buffer | undefined;
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
    parentLocator: plan.parentLocator && decodeParentLocator(plan.parentLocator, 0n),
  };
  return {
    info,
    size: plan.fileSize,
    body: { [Symbol.iterator]: () => bodyOf(plan) },
    headers: headersOf(header),
  };
}

function planFile(options: NewImageOptions): Plan {
  const fixed = options.type === "fixed";
  const parent = options.type === "differencing" ? options.parent : undefined;
  const disk: DiskParameters = {
    blockSize:
      options.blockSize ?? (options.type === "dynamic" ? defaults.dynamicBlock : defaults.otherBlock),
    leaveBlocksAllocated: fixed,
    hasParent: parent !== undefined,
    virtualSize: options.size,
    logicalSectorSize: options.logicalSectorSize ?? defaults.logicalSector,
    physicalSectorSize: options.physicalSectorSize ?? defaults.physicalSector,
    virtualDiskId: normalizeGuid(options.virtualDiskId),
  };
  const maximumSize = options.maximumSize ?? options.size;
  checkOptions(disk, maximumSize);
  const wantedBytes = entryCount(disk, maximumSize) * blockTableLayout.entry.size;
  const length = Math.max(tableLength(disk, disk.virtualSize), Number(roundUp(BigInt(wantedBytes), MiB)));
  const tableEnd = fileLayout.blockTable + BigInt(length);
  return {
    disk,
    tableLength: length,
    parentLocator: parent && encodeParentLocator(parent),
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
  if (maximumSize < virtualSize || maximumSize > diskLimits.virtualSize) {
    throw new RangeError(`a maximum size of ${maximumSize} bytes is out of range`);
  }
}

function* bodyOf(plan: Plan): Generator<FilePiece> {
  const { disk, payloadOffset, creator, parentLocator } = plan;
  const regions = encodeRegionTable([
    { id: regionIds.blockTable, offset: fileLayout.blockTable, length: plan.tableLength, required: true },
    { id: regionIds.metadata, ...fileLayout.metadata, required: true },
  ]);
  const itemsOffset = fileLayout.metadata.offset + BigInt(metadataItems.fileParameters.offset);
  yield { offset: 0n, bytes: encodeFileIdentifier(creator) };
  for (const offset of regionTableLayout.copies) yield { offset, bytes: regions };
  const table = parentLocator ? metadataTableWithParent(parentLocator.length) : encodedMetadataTable;
  yield { offset: fileLayout.metadata.offset, bytes: table };
  yield { offset: itemsOffset, bytes: encodeItems(disk) };
  if (parentLocator) {
    yield { offset: fileLayout.metadata.offset + BigInt(parentLocatorItem.offset), bytes: parentLocator };
  }
  if (payloadOffset !== undefined) {
    for (const { first, bytes } of contiguousEntries(disk, payloadOffset, 0, disk.virtualSize)) {
      yield { offset: fileLayout.blockTable + BigInt(first * blockTableLayout.entry.size), bytes };
    }
  }
}

function headersOf(header: Header): FilePiece[] {
  const [first, second] = headerLayout.copies;
  return [
    { offset: first, bytes: encodeHeader(header) },
    { offset: second, bytes: encodeHeader({ ...header, sequenceNumber: header.sequenceNumber + 1n }) },
  ];
}
