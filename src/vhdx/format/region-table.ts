import { MiB } from "../../kit/sizes.ts";
import { hasValidChecksum, writeChecksum } from "./checksum.ts";
import { VhdxError } from "../error.ts";
import { checkExtents, type Extent, headerSection } from "./extent.ts";
import type { ReadableFile } from "../storage/file.ts";
import { GUID_SIZE, readGuid, writeGuid } from "./guid.ts";

/** The region table and its copy: where the block table and the metadata lie. [MS-VHDX] 2.2.3. */
export const regionTableLayout = {
  magic: "regi",
  copies: [0x30000n, 0x40000n],
  entryCount: 8,
  entries: 16,
  entry: { id: 0, offset: GUID_SIZE, length: 24, required: 28, size: 32 },
  maximumEntries: 2047,
  size: 65536,
} as const;

export const regionIds = {
  blockTable: "2dc27766-f623-4200-9d64-115e9bfd4a08",
  metadata: "8b7ca206-4790-4b9a-b8fe-575f050f886e",
} as const;

const regionNames: Readonly<Record<string, string>> = {
  [regionIds.blockTable]: "block table",
  [regionIds.metadata]: "metadata",
};

const layout = regionTableLayout;
const entryLayout = layout.entry;

/** One region, at least 1 MiB and aligned to it. */
export interface Region {
  readonly id: string;
  readonly offset: bigint;
  /** Bytes, below 4 GiB. */
  readonly length: number;
  /** Whether a reader that does not know the region must refuse the file. */
  readonly required: boolean;
}

/** The regions of one file; `extents` is everything with a fixed place: header section, log and all regions. */
export interface Regions {
  readonly blockTable: Region;
  readonly metadata: Region;
  readonly extents: readonly Extent[];
}

/** The table's bytes that are not zero; its checksum covers the whole 64 KiB. */
export function encodeRegionTable(regions: readonly Region[]): Buffer {
  const bytes = Buffer.alloc(layout.entries + regions.length * entryLayout.size);
  bytes.write(layout.magic, 0, "latin1");
  bytes.writeUInt32LE(regions.length, layout.entryCount);
  regions.forEach((region, index) => {
    const at = layout.entries + index * entryLayout.size;
    writeGuid(bytes, at + entryLayout.id, region.id);
    bytes.writeBigUInt64LE(region.offset, at + entryLayout.offset);
    bytes.writeUInt32LE(region.length, at + entryLayout.length);
    bytes.writeUInt32LE(region.required ? 1 : 0, at + entryLayout.required);
  });
  writeChecksum(bytes, layout.size);
  return bytes;
}

/**
 * Reads the first valid copy. VhdxError when neither is valid, when a region leaves the file, overlaps another one
 * or `log`, is unknown and required, or when one of the two known regions is missing.
 */
export async function readRegions(file: ReadableFile, log: Extent): Promise<Regions> {
  const { regions, tableOffset } = await readFirstValidCopy(file);
  const known: string[] = Object.values(regionIds);
  const stranger = regions.find((region) => region.required && !known.includes(region.id));
  if (stranger) throw new VhdxError("region table", tableOffset, `unknown required region ${stranger.id}`);
  const extents = [headerSection, log, ...regions.map(extentOf)];
  checkExtents(extents, await file.size());
  const find = (id: string) => {
    const found = regions.filter((region) => region.id === id);
    if (found[0] && found.length === 1) return found[0];
    throw new VhdxError("region table", tableOffset, `${found.length} regions ${id} instead of one`);
  };
  return { blockTable: find(regionIds.blockTable), metadata: find(regionIds.metadata), extents };
}

/** The first valid copy, all of it, with the block table at `place` and everything else as it is. */
export async function regionTableWith(
  file: ReadableFile,
  place: Pick<Region, "offset" | "length">,
): Promise<Buffer> {
  const { bytes, regions } = await readFirstValidCopy(file);
  const index = regions.findIndex(({ id }) => id === regionIds.blockTable);
  const at = layout.entries + index * entryLayout.size;
  const moved = Buffer.from(bytes);
  moved.writeBigUInt64LE(place.offset, at + entryLayout.offset);
  moved.writeUInt32LE(place.length, at + entryLayout.length);
  writeChecksum(moved, layout.size);
  return moved;
}

/** Offsets of the copies that are not like the one in force, and that one's bytes. */
export async function staleRegionTables(
  file: ReadableFile,
): Promise<{ readonly offsets: readonly bigint[]; readonly inForce: Buffer }> {
  const { bytes: inForce } = await readFirstValidCopy(file);
  const offsets: bigint[] = [];
  for (const offset of layout.copies) {
    if (!(await file.read("region table", offset, layout.size)).equals(inForce)) offsets.push(offset);
  }
  return { offsets, inForce };
}

async function readFirstValidCopy(
  file: ReadableFile,
): Promise<{ bytes: Buffer; regions: Region[]; tableOffset: bigint }> {
  for (const tableOffset of layout.copies) {
    const bytes = await file.read("region table", tableOffset, layout.size);
    if (bytes.toString("latin1", 0, 4) === layout.magic && hasValidChecksum(bytes)) {
      return { bytes, regions: decodeEntries(bytes, tableOffset), tableOffset };
    }
  }
  throw new VhdxError("region table", layout.copies[0], "neither copy is valid");
}

function decodeEntries(bytes: Buffer, tableOffset: bigint): Region[] {
  const count = bytes.readUInt32LE(layout.entryCount);
  if (count > layout.maximumEntries) {
    throw new VhdxError("region table", tableOffset + BigInt(layout.entryCount), `${count} entries`);
  }
  return Array.from({ length: count }, (_, index) => {
    const at = layout.entries + index * entryLayout.size;
    const region: Region = {
      id: readGuid(bytes, at + entryLayout.id),
      offset: bytes.readBigUInt64LE(at + entryLayout.offset),
      length: bytes.readUInt32LE(at + entryLayout.length),
      required: bytes.readUInt32LE(at + entryLayout.required) !== 0,
    };
    const aligned = region.offset % MiB === 0n && BigInt(region.length) % MiB === 0n;
    if (!aligned || region.offset === 0n || region.length === 0) {
      const problem = `region ${region.id} is not in units of 1 MiB`;
      throw new VhdxError("region table", tableOffset + BigInt(at), problem);
    }
    return region;
  });
}

function extentOf(region: Region): Extent {
  const name = regionNames[region.id] ?? `region ${region.id}`;
  return { name, offset: region.offset, length: BigInt(region.length) };
}
