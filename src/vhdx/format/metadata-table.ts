import { VhdxError } from "../error.ts";
import type { ReadableFile } from "../storage/file.ts";
import { GUID_SIZE, readGuid, writeGuid } from "./guid.ts";
import type { Region } from "./region-table.ts";

/** The table at the start of the metadata region: which items there are and where. [MS-VHDX] 2.6.1. */
export const metadataTableLayout = {
  magic: "metadata",
  entryCount: 10,
  entries: 32,
  entry: { id: 0, offset: GUID_SIZE, length: 20, flags: 24, size: 32 },
  flags: { isUser: 1, isVirtualDisk: 2, isRequired: 4 },
  maximumEntries: 2047,
  /** Items start behind the table. */
  size: 65536,
  maximumItemLength: 1 << 20,
} as const;

const layout = metadataTableLayout;
const entryLayout = layout.entry;

export interface MetadataEntry {
  readonly id: string;
  /** From the start of the metadata region, bytes; zero when the item is empty. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
  /** Bits of `metadataTableLayout.flags`. */
  readonly flags: number;
}

/** The table's bytes up to its last entry. */
export function encodeMetadataTable(entries: readonly MetadataEntry[]): Buffer {
  const bytes = Buffer.alloc(layout.entries + entries.length * entryLayout.size);
  bytes.write(layout.magic, 0, "latin1");
  bytes.writeUInt16LE(entries.length, layout.entryCount);
  entries.forEach((entry, index) => {
    const at = layout.entries + index * entryLayout.size;
    writeGuid(bytes, at + entryLayout.id, entry.id);
    bytes.writeUInt32LE(entry.offset, at + entryLayout.offset);
    bytes.writeUInt32LE(entry.length, at + entryLayout.length);
    bytes.writeUInt32LE(entry.flags, at + entryLayout.flags);
  });
  return bytes;
}

/** All entries; VhdxError when the table is damaged, an item leaves the region or an entry appears twice. */
export async function readMetadataTable(file: ReadableFile, region: Region): Promise<MetadataEntry[]> {
  const bytes = await file.read("metadata table", region.offset, layout.size);
  const refuse = (at: number, problem: string) =>
    new VhdxError("metadata table", region.offset + BigInt(at), problem);
  if (bytes.toString("latin1", 0, layout.magic.length) !== layout.magic) throw refuse(0, "wrong signature");
  const count = bytes.readUInt16LE(layout.entryCount);
  if (count > layout.maximumEntries) throw refuse(layout.entryCount, `${count} entries`);
  const seen = new Set<string>();
  return Array.from({ length: count }, (_, index) => {
    const at = layout.entries + index * entryLayout.size;
    const entry: MetadataEntry = {
      id: readGuid(bytes, at + entryLayout.id),
      offset: bytes.readUInt32LE(at + entryLayout.offset),
      length: bytes.readUInt32LE(at + entryLayout.length),
      flags: bytes.readUInt32LE(at + entryLayout.flags),
    };
    if (!isPlacedInside(entry, region.length)) throw refuse(at, `item ${entry.id} is out of place`);
    const key = `${entry.id} ${entry.flags & layout.flags.isUser}`;
    if (seen.has(key)) throw refuse(at, `item ${entry.id} appears twice`);
    seen.add(key);
    return entry;
  });
}

function isPlacedInside(entry: MetadataEntry, regionLength: number): boolean {
  if (entry.length === 0) return entry.offset === 0;
  if (entry.length > layout.maximumItemLength || entry.offset < layout.size) return false;
  return entry.offset + entry.length <= regionLength;
}
