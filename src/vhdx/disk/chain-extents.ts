import type { Layer } from "./layer.ts";

/**
 * A stretch of a disk as its chain has it: in the file of the image at `depth` (0 is the disk's own) from `fileOffset`
 * on, or zeros. Bytes; `end` is exclusive.
 */
export type ChainExtent =
  | {
      readonly start: number;
      readonly end: number;
      readonly source: "file";
      readonly depth: number;
      readonly fileOffset: number;
    }
  | { readonly start: number; readonly end: number; readonly source: "zero" };

/**
 * All of [`start`, `end`), inside the disk, in order. Holes in a file are
 * zeros where the platform can tell; nothing of the content is read.
 */
export async function* chainExtents(
  layers: readonly Layer[],
  start: number,
  end: number,
  signal?: AbortSignal,
): AsyncGenerator<ChainExtent, void, undefined> {
  let last: ChainExtent | undefined;
  for await (const extent of pieces(layers, 0, start, end, signal)) {
    const joined = last && join(last, extent);
    if (last && !joined) yield last;
    last = joined ?? extent;
  }
  if (last) yield last;
}

async function* pieces(
  layers: readonly Layer[],
  depth: number,
  start: number,
  end: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<ChainExtent, void, undefined> {
  const layer = layers[depth];
  // Where a chain ends and behind the end of a smaller parent there are zeros.
  const present = layer === undefined ? start : Math.max(start, Math.min(end, layer.virtualSize));
  let at = start;
  while (layer !== undefined && at < present) {
    signal?.throwIfAborted();
    const segment = await layer.segment(at, present);
    if (segment.source === "parent") yield* pieces(layers, depth + 1, at, segment.end, signal);
    else if (segment.source === "zero") yield { start: at, end: segment.end, source: "zero" };
    else yield* dataAndHoles(layer, depth, at, segment.end, segment.fileOffset);
    at = segment.end;
  }
  if (present < end) yield { start: present, end, source: "zero" };
}

/** A stretch in the file of one image, its holes told apart. */
function* dataAndHoles(
  layer: Layer,
  depth: number,
  start: number,
  end: number,
  fileOffset: number,
): Generator<ChainExtent, void, undefined> {
  const toDisk = start - fileOffset;
  let at = start;
  while (at < end) {
    const data = layer.image.file.nextData(BigInt(at - toDisk), BigInt(end - toDisk));
    const dataStart = data ? Number(data.start) + toDisk : end;
    if (dataStart > at) yield { start: at, end: dataStart, source: "zero" };
    if (data === undefined) return;
    at = Number(data.end) + toDisk;
    yield { start: dataStart, end: at, source: "file", depth, fileOffset: dataStart - toDisk };
  }
}

/** Two neighbours as one, where they are alike. */
function join(one: ChainExtent, next: ChainExtent): ChainExtent | undefined {
  if (one.source === "zero") return next.source === "zero" ? { ...one, end: next.end } : undefined;
  if (next.source === "zero" || next.depth !== one.depth) return undefined;
  return next.fileOffset - next.start === one.fileOffset - one.start ? { ...one, end: next.end } : undefined;
}
