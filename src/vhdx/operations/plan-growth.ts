import { MiB } from "../../kit/sizes.ts";
import { blockState, entryCount, payloadCount, tableLength } from "../format/block-table.ts";
import { typeOf } from "../format/disk-parameters.ts";
import { VhdxError } from "../error.ts";
import type { Chain } from "../disk/chain.ts";
import { contiguousEntries, emptyEntries, payloadEnd } from "../image/fixed-table.ts";
import { type Image, mappablePayload } from "../image/image.ts";
import type { ByteRange } from "../platform/port.ts";
import type { Growth } from "./growth.ts";
import type { TablePlace } from "./relocate-table.ts";
import { sizeError } from "./size-change.ts";

/**
 * How the disk can grow to `newSize`; nothing is written. `free` is where the file has nothing any more, whole MiB.
 * VhdxError when a structure lies where a fixed disk's payload must grow, or the new end would show the parent.
 */
export async function planGrowth(layers: Chain["layers"], free: bigint, newSize: bigint): Promise<Growth> {
  const [{ image }] = layers;
  const { disk } = image;
  const isFixed = typeOf(disk) === "fixed";
  const payloadOffset = isFixed ? await mappablePayload(image) : undefined;
  if (payloadOffset !== undefined) return contiguousGrowth(image, payloadOffset, free, newSize);

  const table = newSize > image.maximumSize ? tablePlace(image, free, newSize) : undefined;
  const blocksAt = table ? table.offset + BigInt(table.length) : free;
  const exposed = await exposedInLastBlock(layers, newSize);
  const plan = { newSize, exposed, table, tableIsInTheWay: false };
  if (!isFixed) {
    return { ...plan, entries: emptyEntries(disk, newSize, stateOfNewBlocks(layers)), fileEnd: blocksAt };
  }
  // The entries are those of a contiguous payload of which only the new blocks lie in the file.
  const start = blocksAt - BigInt(payloadCount(disk) * disk.blockSize);
  const entries = contiguousEntries(disk, start, entryCount(disk), newSize);
  return { ...plan, entries, fileEnd: payloadEnd(disk, start, newSize) };
}

/** How a disk grows whose payload is one stretch of the file from `payloadOffset` on: it stays one. */
export function contiguousGrowth(image: Image, payloadOffset: bigint, free: bigint, newSize: bigint): Growth {
  const { disk, regions } = image;
  const oldEnd = payloadOffset + disk.virtualSize;
  const newEnd = payloadEnd(disk, payloadOffset, newSize);
  const inTheWay = regions.extents.filter(
    ({ offset, length }) => offset < newEnd && offset + length > oldEnd,
  );
  const obstacle = inTheWay.find(({ offset }) => offset !== regions.blockTable.offset);
  if (obstacle) throw new VhdxError(obstacle.name, obstacle.offset, "lies where the payload would grow");
  const tableIsInTheWay = inTheWay.length > 0;
  const mustMove = tableIsInTheWay || newSize > image.maximumSize;
  const table = mustMove ? tablePlace(image, newEnd > free ? newEnd : free, newSize) : undefined;
  return {
    newSize,
    entries: contiguousEntries(disk, payloadOffset, entryCount(disk), newSize),
    fileEnd: table ? table.offset + BigInt(table.length) : newEnd,
    exposed: [{ start: oldEnd, end: newEnd }],
    table,
    tableIsInTheWay,
  };
}

function tablePlace({ disk, regions }: Image, offset: bigint, newSize: bigint): TablePlace {
  return { offset, length: Math.max(regions.blockTable.length, tableLength(disk, newSize)) };
}

/** A parent that is larger must not come to light in what the child gets new. */
function stateOfNewBlocks([layer, parent]: Chain["layers"]): number {
  const hidden = parent !== undefined && parent.virtualSize > layer.virtualSize;
  return hidden ? blockState.zero : blockState.notPresent;
}

/** Where the file holds what comes to be read when the disk's end moves on in its last block. */
async function exposedInLastBlock([layer, parent]: Chain["layers"], newSize: bigint): Promise<ByteRange[]> {
  const { disk } = layer.image;
  const end = Math.min(Number(newSize), payloadCount(disk) * disk.blockSize);
  const exposed: ByteRange[] = [];
  for (let at = layer.virtualSize; at < end;) {
    const segment = await layer.segment(at, end);
    if (segment.source === "parent" && parent !== undefined && parent.virtualSize > at) {
      const problem = `the parent has ${parent.virtualSize} bytes and would show behind byte ${at}, inside the last block`;
      throw sizeError(disk, problem);
    }
    if (segment.source === "file") {
      const start = BigInt(segment.fileOffset);
      exposed.push({ start, end: start + BigInt(segment.end - at) });
    }
    at = segment.end;
  }
  return exposed;
}

/** The first MiB boundary behind everything in a file of `size` bytes of which `usedMiB` are taken. */
export function freeFrom(size: bigint, usedMiB: number): bigint {
  const used = BigInt(usedMiB) * MiB;
  const end = ((size + MiB - 1n) / MiB) * MiB;
  return used > end ? used : end;
}
