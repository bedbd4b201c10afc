/** A range of a virtual disk as numbers: [start, end) in bytes. RangeError when it leaves the disk. */
export function diskRange(
  virtualSize: bigint,
  offset: bigint,
  length: bigint,
): { start: number; end: number } {
  if (offset < 0n || length < 0n || offset + length > virtualSize) {
    throw new RangeError(`${length} bytes at ${offset} are not inside a disk of ${virtualSize} bytes`);
  }
  return { start: Number(offset), end: Number(offset + length) };
}
