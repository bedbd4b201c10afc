import { isZero } from "../storage/zeros.ts";

const SECTOR = 512;
/** Compared first, so that long equal stretches cost next to nothing. */
const STRIDE = 64 * SECTOR;
const zeroWords = new Int32Array((1 << 20) / 4);

/** Bytes, or as a number so many zeros. Both sides of a comparison have the same length, whole sectors up to 1 MiB. */
export type Content = Buffer | number;

/** Sectors that differ, in order, neighbours joined: [`start`, `end`) in bytes. */
export function* differences(
  one: Content,
  other: Content,
): Generator<{ readonly start: number; readonly end: number }, void, undefined> {
  const length = typeof one === "number" ? one : one.length;
  if (isEqual(one, other, 0, length)) return;
  const words = [wordsOf(one), wordsOf(other)] as const;
  let start: number | undefined;
  for (let stride = 0; stride < length; stride += STRIDE) {
    const strideEnd = Math.min(stride + STRIDE, length);
    const isStrideEqual = isEqual(one, other, stride, strideEnd);
    for (let at = stride; at < strideEnd; at += SECTOR) {
      // Most sectors that differ do so in their first word already, and a look at that costs next to nothing.
      const word = at / 4;
      const isSectorEqual =
        isStrideEqual ||
        (words[0][word] === words[1][word] && isEqual(one, other, at, Math.min(at + SECTOR, length)));
      if (!isSectorEqual) start ??= at;
      else if (start !== undefined) {
        yield { start, end: at };
        start = undefined;
      }
    }
  }
  if (start !== undefined) yield { start, end: length };
}

function wordsOf(content: Content): Int32Array {
  if (typeof content === "number") return zeroWords.subarray(0, content / 4);
  const aligned = content.byteOffset % 4 === 0 ? content : Buffer.from(new Uint8Array(content).buffer);
  return new Int32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
}

function isEqual(one: Content, other: Content, start: number, end: number): boolean {
  if (typeof one === "number") return typeof other === "number" || isZero(other.subarray(start, end));
  if (typeof other === "number") return isZero(one.subarray(start, end));
  return one.compare(other, start, end, start, end) === 0;
}
