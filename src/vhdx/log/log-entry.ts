import { hasValidChecksum, writeChecksum } from "../format/checksum.ts";
import { readGuid, writeGuid } from "../format/guid.ts";

/** A log entry: header and descriptors in whole sectors, then one sector per data descriptor. [MS-VHDX] 2.3.1. */
export const logEntryLayout = {
  magic: "loge",
  entryLength: 8,
  tail: 12,
  sequenceNumber: 16,
  descriptorCount: 24,
  logGuid: 32,
  flushedFileOffset: 48,
  lastFileOffset: 56,
  descriptors: 64,
  sector: 4096,
} as const;

/** Descriptors; both kinds have the file offset and the sequence number at the same places. [MS-VHDX] 2.3.1.2, 3. */
export const descriptorLayout = {
  dataMagic: "desc",
  zeroMagic: "zero",
  /** Data: the sector's last 4 bytes. */
  trailingBytes: 4,
  /** Data: the sector's first 8 bytes. Zero: the length. */
  leadingBytes: 8,
  zeroLength: 8,
  fileOffset: 16,
  sequenceNumber: 24,
  size: 32,
} as const;

/** A data sector: the sector to write with its ends replaced by a signature and the sequence number. 2.3.1.4. */
export const dataSectorLayout = { magic: "data", sequenceHigh: 4, body: 8, sequenceLow: 4092 } as const;

const layout = logEntryLayout;
const SECTOR = layout.sector;

/** One change to the file: a sector of data, or `length` zero bytes. Offsets and lengths in whole sectors. */
export type LogChange =
  { readonly offset: bigint; readonly data: Buffer } | { readonly offset: bigint; readonly length: bigint };

export interface LogEntry {
  /** Offset in the log of the oldest entry that must be replayed with this one. */
  readonly tail: number;
  /** Above zero, one more than the entry before. */
  readonly sequenceNumber: bigint;
  readonly logGuid: string;
  /** The file had at least this size, durably, when the entry was written. */
  readonly flushedFileOffset: bigint;
  /** The file must have at least this size after replay. */
  readonly lastFileOffset: bigint;
  readonly changes: readonly LogChange[];
}

/** Bytes of an entry with so many descriptors, of which so many are of data. */
export function logEntryLength(descriptors: number, dataDescriptors: number): number {
  return descriptorBytes(descriptors) + dataDescriptors * SECTOR;
}

/** The entry's bytes, whole sectors. */
export function encodeLogEntry(entry: LogEntry): Buffer {
  const dataChanges = entry.changes.filter((change) => "data" in change);
  const dataStart = descriptorBytes(entry.changes.length);
  const bytes = Buffer.alloc(dataStart + dataChanges.length * SECTOR);
  bytes.write(layout.magic, 0, "latin1");
  bytes.writeUInt32LE(bytes.length, layout.entryLength);
  bytes.writeUInt32LE(entry.tail, layout.tail);
  bytes.writeBigUInt64LE(entry.sequenceNumber, layout.sequenceNumber);
  bytes.writeUInt32LE(entry.changes.length, layout.descriptorCount);
  writeGuid(bytes, layout.logGuid, entry.logGuid);
  bytes.writeBigUInt64LE(entry.flushedFileOffset, layout.flushedFileOffset);
  bytes.writeBigUInt64LE(entry.lastFileOffset, layout.lastFileOffset);
  let sectorAt = dataStart;
  entry.changes.forEach((change, index) => {
    const at = layout.descriptors + index * descriptorLayout.size;
    bytes.writeBigUInt64LE(change.offset, at + descriptorLayout.fileOffset);
    bytes.writeBigUInt64LE(entry.sequenceNumber, at + descriptorLayout.sequenceNumber);
    if ("data" in change) {
      bytes.write(descriptorLayout.dataMagic, at, "latin1");
      change.data.copy(bytes, at + descriptorLayout.leadingBytes, 0, dataSectorLayout.body);
      change.data.copy(bytes, at + descriptorLayout.trailingBytes, dataSectorLayout.sequenceLow);
      encodeDataSector(bytes.subarray(sectorAt, sectorAt + SECTOR), change.data, entry.sequenceNumber);
      sectorAt += SECTOR;
    } else {
      bytes.write(descriptorLayout.zeroMagic, at, "latin1");
      bytes.writeBigUInt64LE(change.length, at + descriptorLayout.zeroLength);
    }
  });
  writeChecksum(bytes, bytes.length);
  return bytes;
}

/** Length in bytes an entry claims to have; undefined when there is none, or none that fits in the log. */
export function claimedLength(sector: Buffer, logLength: number): number | undefined {
  if (sector.toString("latin1", 0, 4) !== layout.magic) return undefined;
  const length = sector.readUInt32LE(layout.entryLength);
  const count = sector.readUInt32LE(layout.descriptorCount);
  const fits = length % SECTOR === 0 && length <= logLength && descriptorBytes(count) <= length;
  return fits ? length : undefined;
}

/** The entry in these bytes, which have its claimed length; undefined when any part of it is not valid. */
export function decodeLogEntry(bytes: Buffer): LogEntry | undefined {
  if (!hasValidChecksum(bytes)) return undefined;
  const sequenceNumber = bytes.readBigUInt64LE(layout.sequenceNumber);
  const tail = bytes.readUInt32LE(layout.tail);
  if (sequenceNumber === 0n || tail % SECTOR !== 0) return undefined;
  const changes = decodeChanges(bytes, sequenceNumber);
  if (changes === undefined) return undefined;
  return {
    tail,
    sequenceNumber,
    logGuid: readGuid(bytes, layout.logGuid),
    flushedFileOffset: bytes.readBigUInt64LE(layout.flushedFileOffset),
    lastFileOffset: bytes.readBigUInt64LE(layout.lastFileOffset),
    changes,
  };
}

function decodeChanges(bytes: Buffer, sequenceNumber: bigint): LogChange[] | undefined {
  const count = bytes.readUInt32LE(layout.descriptorCount);
  let sectorAt = descriptorBytes(count);
  const changes: LogChange[] = [];
  for (let index = 0; index < count; index++) {
    const at = layout.descriptors + index * descriptorLayout.size;
    const magic = bytes.toString("latin1", at, at + 4);
    const offset = bytes.readBigUInt64LE(at + descriptorLayout.fileOffset);
    const aligned = offset % BigInt(SECTOR) === 0n;
    if (!aligned || bytes.readBigUInt64LE(at + descriptorLayout.sequenceNumber) !== sequenceNumber) {
      return undefined;
    }
    if (magic === descriptorLayout.dataMagic) {
      const sector = bytes.subarray(sectorAt, sectorAt + SECTOR);
      sectorAt += SECTOR;
      if (!isDataSector(sector, sequenceNumber)) return undefined;
      changes.push({
        offset,
        data: decodeDataSector(sector, bytes.subarray(at, at + descriptorLayout.size)),
      });
    } else if (magic === descriptorLayout.zeroMagic) {
      const length = bytes.readBigUInt64LE(at + descriptorLayout.zeroLength);
      if (length % BigInt(SECTOR) !== 0n) return undefined;
      changes.push({ offset, length });
    } else {
      return undefined;
    }
  }
  return sectorAt === bytes.length ? changes : undefined;
}

function encodeDataSector(sector: Buffer, data: Buffer, sequenceNumber: bigint): void {
  data.copy(sector);
  sector.write(dataSectorLayout.magic, 0, "latin1");
  sector.writeUInt32LE(Number(sequenceNumber >> 32n), dataSectorLayout.sequenceHigh);
  sector.writeUInt32LE(Number(sequenceNumber & 0xffffffffn), dataSectorLayout.sequenceLow);
}

function isDataSector(sector: Buffer, sequenceNumber: bigint): boolean {
  return (
    sector.length === SECTOR &&
    sector.toString("latin1", 0, 4) === dataSectorLayout.magic &&
    sector.readUInt32LE(dataSectorLayout.sequenceHigh) === Number(sequenceNumber >> 32n) &&
    sector.readUInt32LE(dataSectorLayout.sequenceLow) === Number(sequenceNumber & 0xffffffffn)
  );
}

function decodeDataSector(sector: Buffer, descriptor: Buffer): Buffer {
  const data = Buffer.from(sector);
  descriptor.copy(data, 0, descriptorLayout.leadingBytes, descriptorLayout.fileOffset);
  descriptor.copy(
    data,
    dataSectorLayout.sequenceLow,
    descriptorLayout.trailingBytes,
    descriptorLayout.leadingBytes,
  );
  return data;
}

/** Header and descriptors, rounded up to whole sectors. */
function descriptorBytes(count: number): number {
  return Math.ceil((layout.descriptors + count * descriptorLayout.size) / SECTOR) * SECTOR;
}
