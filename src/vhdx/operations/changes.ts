import { chainExtents, type ChainExtent } from "../disk/chain-extents.ts";
import type { Layer } from "../disk/layer.ts";
import type { ReadableDisk } from "../disk/readable-disk.ts";
import { type Content, differences } from "./differences.ts";

/** Content is read in pieces of this size. */
const PIECE = 1 << 20;

/** Bytes of a disk that differ. */
export interface ChangedRange {
  readonly offset: bigint;
  readonly length: bigint;
}

export interface ChangesOptions {
  /** Exact to the sector (512 bytes) or to the block of the second disk: the latter reads less. Sector unless given. */
  readonly grain?: "sector" | "block";
  /** Where to begin, bytes; ranges before it are left out, one that reaches it may be cut there. 0 unless given. */
  readonly offset?: bigint;
  readonly signal?: AbortSignal;
  /** Bytes of the larger disk that are compared, and all of them. */
  readonly onProgress?: (done: bigint, total: bigint) => void;
}

/**
 * Where two disks differ, in order. Behind the end of the smaller one there are zeros. What both have from the same
 * place of the same file, as a snapshot and its child do, is equal without a look at it; holes and blocks that are not
 * there are never read. Ranges end at the end of the larger disk.
 */
export async function* changedRanges(
  one: ReadableDisk,
  other: ReadableDisk,
  options: ChangesOptions = {},
): AsyncGenerator<ChangedRange, void, undefined> {
  const size = Math.max(Number(one.virtualSize), Number(other.virtualSize));
  const grain = options.grain === "block" ? other.parameters.blockSize : 512;
  const from = Math.min(Number(options.offset ?? 0n), size);
  let start = from;
  let end = from;
  for await (const [begin, stop] of differingSectors(one, other, from, size, grain, options)) {
    const first = Math.max(begin - (begin % grain), from);
    const last = Math.min(Math.ceil(stop / grain) * grain, size);
    if (first <= end && end > from) {
      end = Math.max(end, last);
      continue;
    }
    if (end > start) yield { offset: BigInt(start), length: BigInt(end - start) };
    start = first;
    end = last;
  }
  if (end > start) yield { offset: BigInt(start), length: BigInt(end - start) };
}

async function* differingSectors(
  one: ReadableDisk,
  other: ReadableDisk,
  from: number,
  size: number,
  grain: number,
  { signal, onProgress }: ChangesOptions,
): AsyncGenerator<readonly [number, number], void, undefined> {
  const buffers = [Buffer.alloc(PIECE), Buffer.alloc(PIECE)] as const;
  // Up to here the answer is known already: a block that differs anywhere is reported as a whole.
  let known = 0;
  const begin = from - (from % grain);
  const pairs = inStep(extents(one, begin, size, signal), extents(other, begin, size, signal), begin);
  for await (const [first, second] of pairs) {
    const { start, end } = first;
    for (let at = Math.max(start, known); at < end && !isSame(one, other, first, second);) {
      signal?.throwIfAborted();
      const stop = Math.min(end, at + PIECE, grain > 512 ? (Math.floor(at / grain) + 1) * grain : end);
      const [left, right] = await Promise.all([
        content(one.layers, first, at, stop, buffers[0]),
        content(other.layers, second, at, stop, buffers[1]),
      ]);
      let differs = false;
      for (const range of differences(left, right)) {
        yield [at + range.start, at + range.end];
        differs = true;
        if (grain > 512) break;
      }
      if (differs && grain > 512) known = (Math.floor(at / grain) + 1) * grain;
      at = differs && grain > 512 ? known : stop;
    }
    onProgress?.(BigInt(end), BigInt(size));
  }
}

/** The extents of a disk from `begin` on, with zeros behind its end up to `size`. */
async function* extents(
  disk: ReadableDisk,
  begin: number,
  size: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<ChainExtent, void, undefined> {
  const end = Number(disk.virtualSize);
  if (begin < end) yield* chainExtents(disk.layers, begin, end, signal);
  if (end < size) yield { start: Math.max(begin, end), end: size, source: "zero" };
}

/** Two walks over the same range side by side, cut so that each pair covers the same bytes. */
async function* inStep(
  ones: AsyncGenerator<ChainExtent, void, undefined>,
  others: AsyncGenerator<ChainExtent, void, undefined>,
  begin: number,
): AsyncGenerator<readonly [ChainExtent, ChainExtent], void, undefined> {
  let one = await ones.next();
  let other = await others.next();
  let at = begin;
  while (!one.done && !other.done) {
    const end = Math.min(one.value.end, other.value.end);
    yield [cut(one.value, at, end), cut(other.value, at, end)];
    at = end;
    if (one.value.end === end) one = await ones.next();
    if (other.value.end === end) other = await others.next();
  }
}

function cut(extent: ChainExtent, start: number, end: number): ChainExtent {
  if (extent.source === "zero") return { ...extent, start, end };
  return { ...extent, start, end, fileOffset: extent.fileOffset + start - extent.start };
}

/** Zeros on both sides, or the same bytes of one file. */
function isSame(one: ReadableDisk, other: ReadableDisk, first: ChainExtent, second: ChainExtent): boolean {
  if (first.source === "zero") return second.source === "zero";
  if (second.source === "zero" || first.fileOffset !== second.fileOffset) return false;
  return fileOf(one, first.depth)?.identity === fileOf(other, second.depth)?.identity;
}

function fileOf(disk: ReadableDisk, depth: number) {
  return disk.layers[depth]?.image.file;
}

/** The bytes [`start`, `end`) of an extent, in `buffer`; for zeros only how many. */
async function content(
  layers: readonly Layer[],
  extent: ChainExtent,
  start: number,
  end: number,
  buffer: Buffer,
): Promise<Content> {
  if (extent.source === "zero") return end - start;
  const target = buffer.subarray(0, end - start);
  const offset = BigInt(extent.fileOffset + start - extent.start);
  await layers[extent.depth]?.image.file.readInto("payload", offset, target);
  return target;
}
