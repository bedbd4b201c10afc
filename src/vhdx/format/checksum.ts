import { crcBytes, CRC_START, crcValue, crcZeros } from "./crc32c.ts";

/** Headers, region tables and log entries all keep their CRC-32C here, computed with this field zero. */
const FIELD = { offset: 4, size: 4 } as const;

const zeroPage = Buffer.alloc(4096);

/** Puts the checksum into a structure of `size` bytes whose bytes behind `start` are zero and not in memory. */
export function writeChecksum(start: Buffer, size: number): void {
  start.writeUInt32LE(checksumOf(start, size), FIELD.offset);
}

/** True when the checksum in a whole structure matches it. */
export function hasValidChecksum(structure: Buffer): boolean {
  return checksumOf(structure, structure.length) === structure.readUInt32LE(FIELD.offset);
}

function checksumOf(start: Buffer, size: number): number {
  const end = usedLength(start);
  const fieldEnd = FIELD.offset + FIELD.size;
  let state = crcBytes(CRC_START, start, 0, FIELD.offset);
  state = crcZeros(state, FIELD.size);
  state = crcBytes(state, start, fieldEnd, Math.max(end, fieldEnd));
  return crcValue(crcZeros(state, size - Math.max(end, fieldEnd)));
}

/** Length without trailing zero pages: comparing pages is many times faster than hashing them. */
function usedLength(bytes: Buffer): number {
  let end = bytes.length;
  while (end > zeroPage.length && bytes.subarray(end - zeroPage.length, end).equals(zeroPage)) {
    end -= zeroPage.length;
  }
  return end;
}
