import { isZero } from "../storage/zeros.ts";

/** Read and written at once. */
const PIECE = 2 << 20;
/** So many pieces are on their way at a time. */
const LANES = 4;
/** Runs of zeros of at least this length are not written. */
const ZERO_GRAIN = 64 << 10;

/** Where data may lie: bytes [`start`, `end`). */
export interface DataRange {
  readonly start: number;
  readonly end: number;
}

/** What is copied from and to. Offsets are bytes of the disk. */
export interface CopyEnds {
  readonly read: (offset: number, target: Uint8Array) => Promise<void>;
  /** The target reads as zeros where this was not called. */
  readonly write: (offset: number, data: Uint8Array) => Promise<void>;
}

/**
 * Copies the ranges, which come in order, a few pieces at a time; zeros in them are left out. The first failure ends it
 * once all pieces on their way are done.
 */
export async function copyData(
  ranges: AsyncIterable<DataRange>,
  { read, write }: CopyEnds,
  signal: AbortSignal | undefined,
  onProgress: (position: number) => void,
): Promise<void> {
  const pieces = inPieces(ranges);
  let turn: Promise<unknown> = Promise.resolve();
  const next = () => {
    const piece = turn.then(() => pieces.next());
    turn = piece.catch(() => undefined);
    return piece;
  };
  let failed = false;
  const lane = async () => {
    const buffer = Buffer.allocUnsafe(PIECE);
    try {
      for (let piece = await next(); !piece.done && !failed; piece = await next()) {
        signal?.throwIfAborted();
        const { start, end } = piece.value;
        const bytes = buffer.subarray(0, end - start);
        await read(start, bytes);
        for (const run of runsOfData(bytes))
          await write(start + run.start, bytes.subarray(run.start, run.end));
        onProgress(end);
      }
    } catch (error) {
      failed = true;
      throw error;
    }
  };
  const results = await Promise.allSettled(Array.from({ length: LANES }, lane));
  const failure = results.find((result) => result.status === "rejected");
  if (failure) throw failure.reason as Error;
}

/** Cut at multiples of the piece's size, so that no two pieces lie in one block's grain. */
async function* inPieces(ranges: AsyncIterable<DataRange>): AsyncGenerator<DataRange, void, undefined> {
  for await (const { start, end } of ranges) {
    for (let at = start; at < end;) {
      const stop = Math.min(end, (Math.floor(at / PIECE) + 1) * PIECE);
      yield { start: at, end: stop };
      at = stop;
    }
  }
}

/** The parts of a buffer that are not zeros. */
function* runsOfData(bytes: Buffer): Generator<DataRange, void, undefined> {
  let start: number | undefined;
  for (let at = 0; at < bytes.length; at += ZERO_GRAIN) {
    const zero = isZero(bytes.subarray(at, at + ZERO_GRAIN));
    if (!zero) start ??= at;
    else if (start !== undefined) {
      yield { start, end: at };
      start = undefined;
    }
  }
  if (start !== undefined) yield { start, end: bytes.length };
}
