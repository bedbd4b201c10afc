import type { Layer } from "./layer.ts";

/**
 * Fills `target` with the bytes of the disk from `offset` on, all inside it, as the image at `depth` of the chain and
 * its parents have them.
 */
export async function readChain(
  layers: readonly Layer[],
  depth: number,
  offset: number,
  target: Uint8Array,
  signal?: AbortSignal,
): Promise<void> {
  const layer = layers[depth];
  // Where a chain ends and behind the end of a smaller parent there are zeros.
  const present = layer === undefined ? 0 : Math.max(0, Math.min(target.length, layer.virtualSize - offset));
  if (present < target.length) target.fill(0, present);
  if (layer === undefined) return;
  const end = offset + present;
  let at = offset;
  while (at < end) {
    signal?.throwIfAborted();
    const segment = await layer.segment(at, end);
    const part = target.subarray(at - offset, segment.end - offset);
    if (segment.source === "file") {
      await layer.image.file.readInto("payload", BigInt(segment.fileOffset), part);
    } else if (segment.source === "zero") {
      part.fill(0);
    } else {
      await readChain(layers, depth + 1, at, part, signal);
    }
    at = segment.end;
  }
}
