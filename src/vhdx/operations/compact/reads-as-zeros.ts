import type { ReadableFile } from "../../storage/file.ts";
import { isZero } from "../../storage/zeros.ts";

const PIECE = 1 << 20;

/** True when bytes [`start`, `end`) of a file are zeros; holes are not read. */
export async function readsAsZeros(
  file: ReadableFile,
  start: number,
  end: number,
  signal?: AbortSignal,
): Promise<boolean> {
  for (let at = start; at < end;) {
    signal?.throwIfAborted();
    const data = file.nextData(BigInt(at), BigInt(end));
    if (data === undefined) return true;
    const from = Number(data.start);
    const to = Math.min(Number(data.end), from + PIECE);
    if (!isZero(await file.read("payload", data.start, to - from))) return false;
    at = to;
  }
  return true;
}
