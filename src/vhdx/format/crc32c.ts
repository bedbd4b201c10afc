/**
 * CRC-32C (Castagnoli), the checksum of headers, region tables and log entries. zlib's crc32 has another polynomial.
 * Eight bytes per step with eight tables; runs of zeros are skipped by matrix products, since VHDX structures
 * are mostly zeros.
 */
const POLYNOMIAL = 0x82f63b78;
const LANES = 8;
const LANE_BYTES = 256 * 4;

/** Table `lane`, entry `byte`: the effect of that byte followed by `lane` zero bytes. */
const tables = buildTables();

/** zeroSteps[k]: where each of the 32 state bits goes when 2^k zero bytes are hashed. */
const zeroSteps = buildZeroSteps();

/** The state before the first byte. */
export const CRC_START = 0xffffffff;

/** CRC-32C of `data`, an unsigned 32-bit integer. */
export function crc32c(data: Uint8Array): number {
  return crcValue(crcBytes(CRC_START, data, 0, data.length));
}

/** The checksum a state stands for. */
export function crcValue(state: number): number {
  return ~state >>> 0;
}

/** Hashes `data` from `from` up to `to`. */
export function crcBytes(state: number, data: Uint8Array, from: number, to: number): number {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let crc = state;
  let at = from;
  for (const end = to - LANES; at <= end; at += LANES) {
    const low = crc ^ view.getInt32(at, true);
    const high = view.getInt32(at + 4, true);
    crc =
      entry(7, low & 255) ^
      entry(6, (low >>> 8) & 255) ^
      entry(5, (low >>> 16) & 255) ^
      entry(4, low >>> 24) ^
      entry(3, high & 255) ^
      entry(2, (high >>> 8) & 255) ^
      entry(1, (high >>> 16) & 255) ^
      entry(0, high >>> 24);
  }
  for (; at < to; at++) crc = (crc >>> 8) ^ entry(0, (crc ^ view.getUint8(at)) & 255);
  return crc;
}

/** Hashes `count` zero bytes (below 2^32) without reading any. */
export function crcZeros(state: number, count: number): number {
  let crc = state;
  for (let power = 0, left = count; left !== 0; power++, left >>>= 1) {
    if (left & 1) crc = applyStep(zeroSteps[power] ?? [], crc);
  }
  return crc;
}

function entry(lane: number, byte: number): number {
  return tables.getInt32(lane * LANE_BYTES + byte * 4, true);
}

function buildTables(): DataView {
  const view = new DataView(new ArrayBuffer(LANES * LANE_BYTES));
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
    view.setInt32(byte * 4, crc, true);
  }
  for (let at = LANE_BYTES; at < LANES * LANE_BYTES; at += 4) {
    const shorter = view.getInt32(at - LANE_BYTES, true);
    view.setInt32(at, (shorter >>> 8) ^ view.getInt32((shorter & 255) * 4, true), true);
  }
  return view;
}

function applyStep(step: readonly number[], state: number): number {
  let sum = 0;
  for (let bit = 0, left = state; left !== 0; bit++, left >>>= 1) {
    if (left & 1) sum ^= step[bit] ?? 0;
  }
  return sum;
}

function buildZeroSteps(): readonly (readonly number[])[] {
  let step = Array.from({ length: 32 }, (_, bit) => {
    const state = (1 << bit) >>> 0;
    return (state >>> 8) ^ entry(0, state & 255);
  });
  return Array.from({ length: 32 }, () => {
    const current = step;
    step = current.map((image) => applyStep(current, image));
    return current;
  });
}
