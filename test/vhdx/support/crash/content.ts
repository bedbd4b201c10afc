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
}

/** Opens the disk for reading; whatever it reads comes through `file`, which has nothing to write with. */
export async function contentOf(file: ReadableFile, { options, ranges }: View): Promise<Content> {
  const disk = await ReadableDisk.on(readOnly(file), NAME, options);
  try {
    const { virtualSize } = disk;
    const clipped = ranges.map(([start, end]) => [start, end < virtualSize ? end : virtualSize] as const);
    const present = clipped.filter(([start, end]) => start < end);
    const length = present.reduce((sum, [start, end]) => sum + Number(end - start), 0);
    const bytes = Buffer.allocUnsafe(length);
    let done = 0;
    for (const [start, end] of present) {
      const count = Number(end - start);
      await disk.read(start, bytes.subarray(done, done + count));
      done += count;
    }
    const { image } = disk.layers[0];
    const payloadOffset = image.disk.leaveBlocksAllocated ? await mappablePayload(image) : undefined;
    return { virtualSize, bytes, payloadOffset };
  } finally {
    await disk.close();
  }
}

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
