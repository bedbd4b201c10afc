import { blockState } from "../../format/block-table.ts";
import type { Image } from "../../image/image.ts";
import type { Occupancy } from "../../image/occupancy.ts";
import { tablePieces } from "../../image/table-scan.ts";
import type { EntryBatch } from "./entry-batch.ts";
import { readsAsZeros } from "./reads-as-zeros.ts";

const MIB = 1 << 20;

/**
 * Gives up the blocks that hold nothing but zeros; returns how many there were. In a differencing disk they become
 * blocks of zeros, since a block that is not present would show the parent.
 */
export async function freeZeroBlocks(
  image: Image,
  occupancy: Occupancy,
  batch: EntryBatch,
  onBlock: (block: number) => void,
  signal?: AbortSignal,
): Promise<number> {
  const { disk, file } = image;
  const state = disk.hasParent ? blockState.zero : blockState.notPresent;
  const blockMiB = disk.blockSize / MIB;
  const freed: number[] = [];
  let count = 0;
  const commit = async () => {
    await batch.commit();
    for (const offsetMiB of freed.splice(0)) occupancy.release(offsetMiB, blockMiB);
  };
  for await (const entries of tablePieces(image, signal)) {
    for (const entry of entries) {
      if (entry.isBitmap || entry.state !== blockState.fullyPresent) continue;
      onBlock(entry.block);
      const start = entry.offsetMiB * MIB;
      const left = Number(disk.virtualSize) - entry.block * disk.blockSize;
      if (!(await readsAsZeros(file, start, start + Math.min(disk.blockSize, left), signal))) continue;
      if (batch.isFull) await commit();
      batch.set(entry.at, state, 0);
      freed.push(entry.offsetMiB);
      count += 1;
    }
  }
  await commit();
  return count;
}
