import { MiB } from "../../kit/sizes.ts";
import { hasValidChecksum, writeChecksum } from "./checksum.ts";
import { VhdxError } from "../error.ts";
import type { ReadableFile, WritableFile } from "../storage/file.ts";
import { readGuid, writeGuid, ZERO_GUID } from "./guid.ts";

/** The two headers; the valid one with the higher sequence number is current. [MS-VHDX] 2.2.2. */
export const headerLayout = {
  magic: "head",
  copies: [0x10000n, 0x20000n],
  sequenceNumber: 8,
  fileWriteGuid: 16,
  dataWriteGuid: 32,
  logGuid: 48,
  logVersion: 64,
  version: 66,
  logLength: 68,
  logOffset: 72,
  /** Everything behind this is reserved and zero. */
  used: 80,
  size: 4096,
} as const;

const layout = headerLayout;
const VERSION = 1;
const LAST_SEQUENCE_NUMBER = 2n ** 64n - 1n;

export interface Header {
  readonly sequenceNumber: bigint;
  /** Changes whenever a writer opens the file. */
  readonly fileWriteGuid: string;
  /** Changes before what a user of the disk can see changes; children check it. */
  readonly dataWriteGuid: string;
  /** Zero when there is nothing to replay. */
  readonly logGuid: string;
  /** Bytes. */
  readonly logLength: number;
  readonly logOffset: bigint;
}

/** The header in force and which of the two places it was read from. */
export interface CurrentHeader {
  readonly header: Header;
  readonly slot: 0 | 1;
}

/** The header's bytes that are not zero; its checksum covers the whole 4 KiB. */
export function encodeHeader(header: Header): Buffer {
  const bytes = Buffer.alloc(layout.used);
  bytes.write(layout.magic, 0, "latin1");
  bytes.writeBigUInt64LE(header.sequenceNumber, layout.sequenceNumber);
  writeGuid(bytes, layout.fileWriteGuid, header.fileWriteGuid);
  writeGuid(bytes, layout.dataWriteGuid, header.dataWriteGuid);
  writeGuid(bytes, layout.logGuid, header.logGuid);
  bytes.writeUInt16LE(VERSION, layout.version);
  bytes.writeUInt32LE(header.logLength, layout.logLength);
  bytes.writeBigUInt64LE(header.logOffset, layout.logOffset);
  writeChecksum(bytes, layout.size);
  return bytes;
}

/** The current header; VhdxError when neither copy is valid or the format's version is unknown. */
export async function readHeaders(file: ReadableFile): Promise<CurrentHeader> {
  const [offset0, offset1] = layout.copies;
  const bytes0 = await file.read("header 1", offset0, layout.size);
  const bytes1 = await file.read("header 2", offset1, layout.size);
  const sequence0 = validSequenceNumber(bytes0);
  const sequence1 = validSequenceNumber(bytes1);
  if (sequence0 === undefined && sequence1 === undefined) {
    throw new VhdxError("header", offset0, "neither header is valid");
  }
  if (sequence0 === sequence1 && !bytes0.equals(bytes1)) {
    throw new VhdxError("header", offset0, "both headers claim to be current");
  }
  const slot = (sequence0 ?? -1n) >= (sequence1 ?? -1n) ? 0 : 1;
  return { header: decodeHeader(slot === 0 ? bytes0 : bytes1, layout.copies[slot]), slot };
}

/**
 * Writes a header with these changes over the copy that is not current and makes it durable; it is current then.
 * Done twice it leaves both copies alike, as Windows does.
 */
export async function updateHeader(
  file: WritableFile,
  { header, slot }: CurrentHeader,
  changes: Partial<Omit<Header, "sequenceNumber">>,
): Promise<CurrentHeader> {
  const otherSlot = slot === 0 ? 1 : 0;
  if (header.sequenceNumber === LAST_SEQUENCE_NUMBER) {
    throw new VhdxError("header", layout.copies[slot], "no sequence number is left");
  }
  const next = { ...header, ...changes, sequenceNumber: header.sequenceNumber + 1n };
  const sector = Buffer.alloc(layout.size);
  encodeHeader(next).copy(sector);
  await file.write(layout.copies[otherSlot], sector);
  await file.flush();
  return { header: next, slot: otherSlot };
}

/** Which of the two copies are valid by themselves. */
export async function validHeaderCopies(file: ReadableFile): Promise<readonly boolean[]> {
  const valid: boolean[] = [];
  for (const offset of layout.copies) {
    valid.push(validSequenceNumber(await file.read("header", offset, layout.size)) !== undefined);
  }
  return valid;
}

function validSequenceNumber(bytes: Buffer): bigint | undefined {
  const valid = bytes.toString("latin1", 0, 4) === layout.magic && hasValidChecksum(bytes);
  return valid ? bytes.readBigUInt64LE(layout.sequenceNumber) : undefined;
}

function decodeHeader(bytes: Buffer, offset: bigint): Header {
  const refuse = (field: number, problem: string) => new VhdxError("header", offset + BigInt(field), problem);
  const header: Header = {
    sequenceNumber: bytes.readBigUInt64LE(layout.sequenceNumber),
    fileWriteGuid: readGuid(bytes, layout.fileWriteGuid),
    dataWriteGuid: readGuid(bytes, layout.dataWriteGuid),
    logGuid: readGuid(bytes, layout.logGuid),
    logLength: bytes.readUInt32LE(layout.logLength),
    logOffset: bytes.readBigUInt64LE(layout.logOffset),
  };
  if (bytes.readUInt16LE(layout.version) !== VERSION) throw refuse(layout.version, "unknown format version");
  if (bytes.readUInt16LE(layout.logVersion) !== 0 && header.logGuid !== ZERO_GUID) {
    throw refuse(layout.logVersion, "unknown log version, and the log must be replayed");
  }
  if (header.logLength === 0 || BigInt(header.logLength) % MiB !== 0n) {
    throw refuse(layout.logLength, "the log's length is not a multiple of 1 MiB");
  }
  if (header.logOffset === 0n || header.logOffset % MiB !== 0n) {
    throw refuse(layout.logOffset, "the log's offset is not a multiple of 1 MiB");
  }
  return header;
}
