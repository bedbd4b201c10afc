import { StatusError } from "../../../kit/errors.ts";
import { changedRanges, mapDisk, type ReadableDisk, withReadableDisk } from "../../../vhdx/index.ts";
import type { BlockPage, BlockRange, Snapshot } from "../model.ts";
import type { EngineParts } from "../parts.ts";
import { knownSnapshot, requireOwnDisk } from "../volumes/known-volume.ts";

/** Entries of a page when its caller has no wish, and the most there are in one. */
const USUAL_ENTRIES = 1000;
const MOST_ENTRIES = 10_000;

/** Where a snapshot holds data, or where it differs from an older one of the same lineage. */
export async function blocks(
  parts: EngineParts,
  snapshotId: string,
  baseId: string | undefined,
  startingOffset: bigint,
  maxEntries: number,
  signal: AbortSignal,
): Promise<BlockPage> {
  const snapshot = await readableSnapshot(parts, snapshotId);
  const base = baseId === undefined ? undefined : await readableSnapshot(parts, baseId);
  if (base !== undefined && base.lineage !== snapshot.lineage) {
    throw new StatusError(
      "INVALID_ARGUMENT",
      `snapshots ${base.id} and ${snapshot.id} are not of one lineage`,
    );
  }
  if (startingOffset < 0n || startingOffset >= snapshot.size) {
    throw new StatusError(
      "OUT_OF_RANGE",
      `offset ${startingOffset} is not in the ${snapshot.size} bytes of the snapshot`,
    );
  }
  const limit = Math.min(maxEntries === 0 ? USUAL_ENTRIES : maxEntries, MOST_ENTRIES);
  return await withReadableDisk(snapshot.path, {}, async (disk) => {
    if (base === undefined) {
      return await pageOf(mapDisk(disk, { offset: startingOffset, signal }), limit, disk);
    }
    return await withReadableDisk(base.path, {}, (older) =>
      pageOf(changedRanges(older, disk, { offset: startingOffset, signal }), limit, disk),
    );
  });
}

async function readableSnapshot(parts: EngineParts, id: string): Promise<Snapshot> {
  const snapshot = knownSnapshot(parts, id);
  await parts.pools.present(snapshot.pool);
  await requireOwnDisk(parts, snapshot);
  return snapshot;
}

/** The first `limit` ranges, those that touch as one. What lies behind the end of the disk is left out. */
async function pageOf(
  ranges: AsyncIterable<BlockRange>,
  limit: number,
  { virtualSize }: ReadableDisk,
): Promise<BlockPage> {
  const page: BlockRange[] = [];
  for await (const { offset, length } of ranges) {
    if (offset >= virtualSize) break;
    const last = page.at(-1);
    const end = offset + length < virtualSize ? offset + length : virtualSize;
    if (last !== undefined && last.offset + last.length === offset) {
      page[page.length - 1] = { offset: last.offset, length: end - last.offset };
      continue;
    }
    if (page.length === limit) return { blocks: page, nextOffset: offset, volumeSize: virtualSize };
    page.push({ offset, length: end - offset });
  }
  return { blocks: page, nextOffset: undefined, volumeSize: virtualSize };
}
