import { readImage } from "../../../../src/vhdx/image/image.ts";
import type { MemoryFile } from "../memory-file.ts";
import { type Operation, perform } from "../recorder.ts";

/** Tells the writes to log, metadata, block table and what else has a fixed place, before or after the operations. */
export async function structureWrites(
  start: MemoryFile,
  operations: readonly Operation[],
): Promise<(write: Operation) => boolean> {
  const end = start.copy();
  for (const operation of operations) await perform(end, operation);
  const images = await Promise.all([start, end].map((file) => readImage(file).catch(() => undefined)));
  const extents = images.flatMap((image) => image?.regions.extents ?? []);
  return (operation) =>
    operation.kind === "write" &&
    extents.some(({ offset, length }) => operation.offset >= offset && operation.offset < offset + length);
}
