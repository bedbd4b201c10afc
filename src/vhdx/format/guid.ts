import { randomUUID } from "node:crypto";

/**
 * GUIDs as VHDX stores them: the first three fields little-endian, the rest as written. As text they are always
 * lower-case, without braces. [MS-DTYP] 2.3.4.2.
 */
export const GUID_SIZE = 16;

export const ZERO_GUID = "00000000-0000-0000-0000-000000000000";

const guidText = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;

/** A new random (version 4) GUID. */
export function randomGuid(): string {
  return randomUUID();
}

/** The same GUID in this library's spelling; RangeError when `text` is not one. */
export function normalizeGuid(text: string): string {
  if (!guidText.test(text)) throw new RangeError(`not a GUID: ${JSON.stringify(text.slice(0, 64))}`);
  return text.toLowerCase();
}

/** Writes 16 bytes at `offset`. `text` is a GUID. */
export function writeGuid(target: Buffer, offset: number, text: string): void {
  target.write(text.replaceAll("-", ""), offset, GUID_SIZE, "hex");
  swapFields(target, offset);
}

const scratch = Buffer.alloc(GUID_SIZE);

/** Reads 16 bytes at `offset`. */
export function readGuid(source: Buffer, offset: number): string {
  source.copy(scratch, 0, offset, offset + GUID_SIZE);
  swapFields(scratch, 0);
  const hex = scratch.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** The 16 bytes as they are stored. `text` is a GUID. */
export function guidBytes(text: string): Buffer {
  const bytes = Buffer.alloc(GUID_SIZE);
  writeGuid(bytes, 0, text);
  return bytes;
}

function swapFields(bytes: Buffer, offset: number): void {
  bytes.writeUInt32LE(bytes.readUInt32BE(offset), offset);
  bytes.writeUInt16LE(bytes.readUInt16BE(offset + 4), offset + 4);
  bytes.writeUInt16LE(bytes.readUInt16BE(offset + 6), offset + 6);
}
