import { type OpenOptions, ReadableDisk } from "../../../../src/vhdx/disk/readable-disk.ts";
import { mappablePayload } from "../../../../src/vhdx/image/image.ts";
import type { ReadableFile } from "../../../../src/vhdx/storage/file.ts";

export const NAME = "disk.vhdx";

/** How to look at a disk. */
export interface View {
  readonly options: OpenOptions;
  /** What is read, bytes of the disk from and to; a disk that ends before has less. */
  readonly ranges: readonly (readonly [bigint, bigint])[];
}

/** What a user sees of a disk. */
export interface Content {
  readonly virtualSize: bigint;
  /** The view's ranges, one after the other. */
  readonly bytes: Buffer;
  /** Where the payload of a fixed disk can be mapped. */
  readonly payloadOffset: bigint | undefined;
  /** What a child would know the disk by. */
  readonly dataWriteGuid: string;
}

/** Bytes that a view has at most. */
export function viewLength({ ranges }: View): number {
  return ranges.reduce((sum, [start, end]) => sum + Number(end - start), 0);
}

/** Opens the disk with nothing to write with and reads it, into `target` if there is one. */
export async function contentOf(
  file: ReadableFile,
  view: View,
  target: Buffer = Buffer.allocUnsafe(viewLength(view)),
): Promise<Content> {
  const { options, ranges } = view;
  const disk = await ReadableDisk.on(readOnly(file), NAME, options);
  try {
    const { virtualSize } = disk;
    let length = 0;
    for (const [start, end] of ranges) {
      const count = Number((end < virtualSize ? end : virtualSize) - start);
      if (count <= 0) continue;
      await disk.read(start, target.subarray(length, length + count));
      length += count;
    }
    const { image } = disk.layers[0];
    const payloadOffset = image.disk.leaveBlocksAllocated ? await mappablePayload(image) : undefined;
    const { dataWriteGuid } = image.current.header;
    return { virtualSize, bytes: target.subarray(0, length), payloadOffset, dataWriteGuid };
  } finally {
    await disk.close();
  }
}

/** True when a child made of `before` would take `after`, which shows something else, for its parent. */
export function misleadsChildren(before: Content, after: Content): boolean {
  return before.dataWriteGuid === after.dataWriteGuid && !sameContent(before, after);
}

/** True when a user sees the same; which DataWriteGuid the disk has does not matter. */
export function sameContent(one: Content, other: Content): boolean {
  return (
    one.virtualSize === other.virtualSize &&
    one.payloadOffset === other.payloadOffset &&
    one.bytes.equals(other.bytes)
  );
}

/** Only what reading takes. */
export function readOnly(file: ReadableFile): ReadableFile {
  return {
    identity: file.identity,
    size: () => file.size(),
    read: (structure, offset, length) => file.read(structure, offset, length),
    readInto: (structure, offset, target) => file.readInto(structure, offset, target),
    nextData: (from, to) => file.nextData(from, to),
  };
}
