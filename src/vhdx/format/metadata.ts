import { type DiskParameters, isBlockSize, isSectorSize, isVirtualSize } from "./disk-parameters.ts";
import { VhdxError } from "../error.ts";
import type { ReadableFile } from "../storage/file.ts";
import { GUID_SIZE, readGuid, writeGuid } from "./guid.ts";
import {
  encodeMetadataTable,
  type MetadataEntry,
  metadataTableLayout,
  readMetadataTable,
} from "./metadata-table.ts";
import { decodeParentLocator, type ParentLocator } from "./parent-locator.ts";
import type { Region } from "./region-table.ts";

const { isVirtualDisk, isRequired, isUser } = metadataTableLayout.flags;
const diskFlags = isVirtualDisk | isRequired;

/** The known items, in the order and at the offsets Windows writes them. [MS-VHDX] 2.6.2. */
export const metadataItems = {
  fileParameters: {
    id: "caa16737-fa36-4d43-b3b6-33f0aa44e76b",
    offset: 0x10000,
    length: 8,
    flags: isRequired,
  },
  virtualDiskSize: {
    id: "2fa54224-cd1b-4876-b211-5dbed83bf4b8",
    offset: 0x10008,
    length: 8,
    flags: diskFlags,
  },
  logicalSectorSize: {
    id: "8141bf1d-a96f-4709-ba47-f233a8faab5f",
    offset: 0x10010,
    length: 4,
    flags: diskFlags,
  },
  physicalSectorSize: {
    id: "cda348c7-445d-4471-9cc9-e9885251c556",
    offset: 0x10014,
    length: 4,
    flags: diskFlags,
  },
  virtualDiskId: {
    id: "beca12ab-b2e6-4523-93ef-c309e000c746",
    offset: 0x10018,
    length: GUID_SIZE,
    flags: diskFlags,
  },
} as const satisfies Record<string, MetadataEntry>;

/** Present in differencing disks only, of any length. */
export const parentLocatorItem = {
  id: "a8d35f2d-b30b-454d-abf7-d3d84834ab0c",
  offset: 0x10028,
  flags: isRequired,
} as const;

const fileParametersLayout = { blockSize: 0, bits: 4, leaveBlocksAllocated: 1, hasParent: 2 } as const;

/** The start of the metadata region: the table of a disk without parent, the same for all that this library makes. */
export const encodedMetadataTable = encodeMetadataTable(Object.values(metadataItems));

/** The same for a differencing disk whose parent locator, at its usual place, has `length` bytes. */
export function metadataTableWithParent(length: number): Buffer {
  return encodeMetadataTable([...Object.values(metadataItems), { ...parentLocatorItem, length }]);
}

/** The items' bytes, to be put where the first of `metadataItems` lies. */
export function encodeItems(disk: DiskParameters): Buffer {
  const items = metadataItems;
  const at = (item: MetadataEntry) => item.offset - metadataTableLayout.size;
  const bytes = Buffer.alloc(at(items.virtualDiskId) + GUID_SIZE);
  const bits =
    (disk.leaveBlocksAllocated ? fileParametersLayout.leaveBlocksAllocated : 0) |
    (disk.hasParent ? fileParametersLayout.hasParent : 0);
  bytes.writeUInt32LE(disk.blockSize, at(items.fileParameters) + fileParametersLayout.blockSize);
  bytes.writeUInt32LE(bits, at(items.fileParameters) + fileParametersLayout.bits);
  bytes.writeBigUInt64LE(disk.virtualSize, at(items.virtualDiskSize));
  bytes.writeUInt32LE(disk.logicalSectorSize, at(items.logicalSectorSize));
  bytes.writeUInt32LE(disk.physicalSectorSize, at(items.physicalSectorSize));
  writeGuid(bytes, at(items.virtualDiskId), disk.virtualDiskId);
  return bytes;
}

/** What `readMetadata` found, and where in the file it is stored. */
export interface DiskMetadata extends DiskParameters {
  /** 8 bytes. */
  readonly virtualSizeOffset: bigint;
  /** 16 bytes. */
  readonly virtualDiskIdOffset: bigint;
  /** Defined in differencing disks. */
  readonly parentLocator: ParentLocator | undefined;
}

/** VhdxError when a required item is missing, unknown or malformed, or a value is out of range. */
export async function readMetadata(file: ReadableFile, region: Region): Promise<DiskMetadata> {
  const entries = await readMetadataTable(file, region);
  const refuse = (entry: MetadataEntry, problem: string) =>
    new VhdxError("metadata", region.offset + BigInt(entry.offset), problem);
  const knownIds: string[] = [...Object.values(metadataItems).map((item) => item.id), parentLocatorItem.id];
  for (const entry of entries) {
    const known = (entry.flags & isUser) === 0 && knownIds.includes(entry.id);
    if (entry.flags & isRequired && !known) throw refuse(entry, `unknown required item ${entry.id}`);
  }
  const load = async (name: keyof typeof metadataItems) => {
    const { id, length } = metadataItems[name];
    const entry = entries.find((candidate) => candidate.id === id && (candidate.flags & isUser) === 0);
    if (entry?.length !== length) {
      throw new VhdxError("metadata table", region.offset, `item ${name} is missing or has a wrong length`);
    }
    const bytes = await file.read(name, region.offset + BigInt(entry.offset), length);
    const check = (valid: boolean) => {
      if (!valid) throw refuse(entry, `${name} is out of range`);
    };
    return { bytes, entry, check };
  };

  const parameters = await load("fileParameters");
  const blockSize = parameters.bytes.readUInt32LE(fileParametersLayout.blockSize);
  const bits = parameters.bytes.readUInt32LE(fileParametersLayout.bits);
  parameters.check(isBlockSize(blockSize));
  const logical = await load("logicalSectorSize");
  const logicalSectorSize = logical.bytes.readUInt32LE(0);
  logical.check(isSectorSize(logicalSectorSize));
  const physical = await load("physicalSectorSize");
  const physicalSectorSize = physical.bytes.readUInt32LE(0);
  physical.check(isSectorSize(physicalSectorSize));
  const size = await load("virtualDiskSize");
  const virtualSize = size.bytes.readBigUInt64LE(0);
  size.check(isVirtualSize(virtualSize, logicalSectorSize));
  const diskId = await load("virtualDiskId");
  const hasParent = (bits & fileParametersLayout.hasParent) !== 0;
  return {
    blockSize,
    leaveBlocksAllocated: (bits & fileParametersLayout.leaveBlocksAllocated) !== 0,
    hasParent,
    virtualSize,
    logicalSectorSize,
    physicalSectorSize,
    virtualDiskId: readGuid(diskId.bytes, 0),
    virtualSizeOffset: region.offset + BigInt(size.entry.offset),
    virtualDiskIdOffset: region.offset + BigInt(diskId.entry.offset),
    parentLocator: hasParent ? await readParentLocator(file, region, entries) : undefined,
  };
}

async function readParentLocator(
  file: ReadableFile,
  region: Region,
  entries: readonly MetadataEntry[],
): Promise<ParentLocator> {
  const entry = entries.find(({ id, flags }) => id === parentLocatorItem.id && (flags & isUser) === 0);
  if (entry === undefined) {
    throw new VhdxError("metadata table", region.offset, "a differencing disk has no parent locator");
  }
  const offset = region.offset + BigInt(entry.offset);
  return decodeParentLocator(await file.read("parent locator", offset, entry.length), offset);
}
