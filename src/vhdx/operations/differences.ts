import { isZero } from "../storage/zeros.ts";

const SECTOR = 512;
/** Compared first, so that long equal stretches cost next to nothing. */
const STRIDE = 64 * SECTOR;

/** Bytes, or as a number so many zeros. Both sides of a comparison have the same length, whole sectors. */
export type Content = Buffer | number;

/** Sectors that differ, in order, neighbours joined: [`start`, `end`) in bytes. */
export function* differences(
  one: Content,
  other: Content,
): Generator<{ readonly start: number; readonly end: number }, void, undefined> {
  const length = typeof one === "number" ? one : one.length;
  if (isEqual(one, other, 0, length)) return;
  let start: number | undefined;
  for (let stride = 0; stride < length; stride += STRIDE) {
    const strideEnd = Math.min(stride + STRIDE, length);
    const isStrideEqual = isEqual(one, other, stride, strideEnd);
    for (let at = stride; at < strideEnd; at += SECTOR) {
      const isSectorEqual = isStrideEqual || isEqual(one, other, at, Math.min(at + SECTOR, length));
      if (!isSectorEqual) start ??= at;
      else if (start !== undefined) {
        yield { start, end: at };
        start = undefined;
      }
    }
  }
  if (start !== undefined) yield { start, end: length };
}

function isEqual(one: Content, other: Content, start: number, end: number): boolean {
  if (typeof one === "number") return typeof other === "number" || isZero(other.subarray(start, end));
  if (typeof other === "number") return isZero(one.subarray(start, end));
  return one.subarray(start, end).equals(other.subarray(start, end));
}
