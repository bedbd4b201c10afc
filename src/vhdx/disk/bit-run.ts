/** A stretch of equal bits. */
export interface BitRun {
  readonly set: boolean;
  readonly count: number;
}

/**
 * The bits from bit `first` on that are equal, at most `limit` and not beyond the view. Bit 0 of a byte is its lowest:
 * one bit for each logical sector, set when the sector is in this file. [MS-VHDX] 2.7.
 */
export function bitRun(view: DataView, first: number, limit: number): BitRun {
  const last = Math.min(first + limit, view.byteLength * 8);
  const set = bitAt(view, first);
  const whole = set ? 0xff : 0;
  let bit = first;
  while (bit < last) {
    if (bit % 8 === 0 && view.getUint8(bit / 8) === whole) bit += 8;
    else if (bitAt(view, bit) === set) bit += 1;
    else break;
  }
  return { set, count: Math.min(bit, last) - first };
}

/** Sets or clears `count` bits from bit `first` on. */
export function fillBits(view: DataView, first: number, count: number, set: boolean): void {
  const end = first + count;
  let bit = first;
  while (bit < end) {
    const byte = Math.floor(bit / 8);
    const upTo = Math.min(end, (byte + 1) * 8);
    const mask = ((1 << (upTo - bit)) - 1) << (bit % 8);
    const present = view.getUint8(byte);
    view.setUint8(byte, set ? present | mask : present & ~mask);
    bit = upTo;
  }
}

function bitAt(view: DataView, bit: number): boolean {
  return ((view.getUint8(Math.floor(bit / 8)) >>> (bit % 8)) & 1) === 1;
}
