import { blockTableLayout, entryCount } from "../format/block-table.ts";
import { type Region, regionTableLayout, regionTableWith } from "../format/region-table.ts";
import type { TablePiece } from "../image/fixed-table.ts";
import type { Image } from "../image/image.ts";
import type { LogChange } from "../log/log-entry.ts";
import { sectorsWith } from "../log/log-writer.ts";
import type { WritableFile } from "../storage/file.ts";

/** Entries handled at once: 512 KiB. */
const PIECE = 65536;
const ENTRY_SIZE = blockTableLayout.entry.size;

/** Where a block table lies: bytes, whole MiB. */
export type TablePlace = Pick<Region, "offset" | "length">;

/** The entries that the disk uses, as they are in the file, whose log is empty. */
export async function* presentEntries(
  file: WritableFile,
  { disk, regions }: Image,
): AsyncGenerator<TablePiece, void, undefined> {
  const end = entryCount(disk);
  for (let first = 0; first < end; first += PIECE) {
    const offset = regions.blockTable.offset + BigInt(first * ENTRY_SIZE);
    yield {
      first,
      bytes: await file.read("block table", offset, Math.min(PIECE, end - first) * ENTRY_SIZE),
    };
  }
}

/**
 * Writes those of `pieces` that differ from what the file has in a table at `tableOffset`; not durable before the next
 * flush. `onPiece` hears before each piece at which byte of the table it ends.
 */
export async function putEntries(
  file: WritableFile,
  tableOffset: bigint,
  pieces: Iterable<TablePiece> | AsyncIterable<TablePiece>,
  onPiece: (end: bigint) => void = () => undefined,
): Promise<void> {
  for await (const { first, bytes } of pieces) {
    onPiece(BigInt(first * ENTRY_SIZE + bytes.length));
    const offset = tableOffset + BigInt(first * ENTRY_SIZE);
    const present = await file.read("block table", offset, bytes.length);
    if (!present.equals(bytes)) await file.write(offset, bytes);
  }
}

/** What must be logged to make `place` the block table's region, in both copies of the region table. */
export async function relocation(file: WritableFile, place: TablePlace): Promise<LogChange[]> {
  const regionTable = await regionTableWith(file, place);
  const [first, second] = regionTableLayout.copies;
  return [
    ...(await sectorsWith(file, "region table", first, regionTable)),
    ...(await sectorsWith(file, "region table", second, regionTable)),
  ];
}
