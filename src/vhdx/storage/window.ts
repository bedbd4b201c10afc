import type { ReadableFile } from "./file.ts";
import { LENT_SIZE, withLentBuffer } from "./lent-buffer.ts";

/**
 * Runs `use` on the same file with `length` bytes (at most LENT_SIZE) at `offset`, fewer where the file ends sooner,
 * already in memory: one read instead of many for structures that lie together. What is read from it are parts of that
 * memory, gone when `use` has ended.
 */
export async function withWindow<T>(
  file: ReadableFile,
  offset: bigint,
  length: number,
  use: (windowed: ReadableFile) => Promise<T>,
): Promise<T> {
  if (length > LENT_SIZE) throw new RangeError(`a window has at most ${LENT_SIZE} bytes`);
  const size = await file.size();
  const available = size > offset ? size - offset : 0n;
  const held = available < BigInt(length) ? Number(available) : length;
  return withLentBuffer(async (buffer) => {
    const window = buffer.subarray(0, held);
    await file.readInto("file", offset, window);
    const inWindow = (at: bigint, count: number) => {
      const start = Number(at - offset);
      return start >= 0 && start + count <= held ? window.subarray(start, start + count) : undefined;
    };
    return use({
      identity: file.identity,
      size: () => Promise.resolve(size),
      read: (structure, at, count) => {
        const bytes = inWindow(at, count);
        return bytes ? Promise.resolve(bytes) : file.read(structure, at, count);
      },
      readInto: async (structure, at, target) => {
        const bytes = inWindow(at, target.length);
        if (bytes) target.set(bytes);
        else await file.readInto(structure, at, target);
      },
      nextData: (from, to) => file.nextData(from, to),
    });
  });
}

/** The same file, its size as it is now. */
export async function withKnownSize(file: ReadableFile): Promise<ReadableFile> {
  const size = await file.size();
  return {
    identity: file.identity,
    size: () => Promise.resolve(size),
    read: (structure, offset, length) => file.read(structure, offset, length),
    readInto: (structure, offset, target) => file.readInto(structure, offset, target),
    nextData: (from, to) => file.nextData(from, to),
  };
}
