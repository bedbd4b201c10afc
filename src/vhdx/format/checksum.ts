import { crcBytes, CRC_START, crcValue, crcZeros } from "./crc32c.ts";

/** Headers, region tables and log entries all keep their CRC-32C here, computed with this field zero. */
const FIELD = { offset: 4, size: 4 } as const;

const zeros = Buffer.alloc(32768);

/** Fewer bytes are hashed as fast as they are compared. */
const FINEST = 64;

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

/** Length without trailing zeros, give or take: comparing with zeros is many times faster than hashing them. */
function usedLength(bytes: Buffer): number {
  let end = bytes.length;
  for (let step = zeros.length; step >= FINEST; step /= 2) {
    while (end > step && zeros.compare(bytes, end - step, end, 0, step) === 0) end -= step;
  }
  return end;
}
