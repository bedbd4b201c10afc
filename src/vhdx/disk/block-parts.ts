import type { Layer } from "./layer.ts";

/** The part of one block that an operation is about: bytes [`start`, `end`) of the disk. */
export interface BlockPart {
  readonly block: number;
  /** Where the block starts on the disk. */
  readonly blockStart: number;
  readonly start: number;
  readonly end: number;
  /** Nothing of the block that belongs to the disk is left out. */
  readonly isWhole: boolean;
}

/** Cuts bytes [`start`, `end`) of a disk at the boundaries of its blocks. */
export function* blockParts(layer: Layer, start: number, end: number): Generator<BlockPart> {
  const { blockSize } = layer.image.disk;
  for (let at = start; at < end;) {
    const block = Math.floor(at / blockSize);
    const blockStart = block * blockSize;
    const partEnd = Math.min(blockStart + blockSize, end);
    const isWhole = at === blockStart && partEnd === Math.min(blockStart + blockSize, layer.virtualSize);
    yield { block, blockStart, start: at, end: partEnd, isWhole };
    at = partEnd;
  }
}
