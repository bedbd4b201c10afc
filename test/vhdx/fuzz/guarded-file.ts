import type { ReadableFile } from "../../../src/vhdx/storage/file.ts";

const LARGEST_READ = 17 << 20;
const MOST_READS = 100_000;

/** A file that cries out when a reader leaves it, asks for too much at once, or never ends; it can't be written. */
export function guarded(file: ReadableFile, size: bigint): ReadableFile {
  let reads = 0;
  const check = (offset: bigint, length: number) => {
    reads += 1;
    if (reads > MOST_READS) throw new Error(`more than ${MOST_READS} reads`);
    if (length > LARGEST_READ) throw new Error(`${length} bytes read at once`);
    // A read that starts inside and ends behind is how a reader learns that the file was cut.
    if (offset < 0n || offset > 2n ** 53n) throw new Error(`a read at byte ${offset} of ${size}`);
  };
  return {
    identity: file.identity,
    size: () => file.size(),
    nextData: (from, to) => file.nextData(from, to),
    read: (structure, offset, length) => {
      check(offset, length);
      return file.read(structure, offset, length);
    },
    readInto: (structure, offset, target) => {
      check(offset, target.length);
      return file.readInto(structure, offset, target);
    },
  };
}
