import { unlink } from "node:fs/promises";
import type { Log } from "../../../kit/log.ts";
import { rename } from "../../../kit/rename.ts";
import type { PoolContents } from "../catalog/catalog.ts";
import type { Volume } from "../model.ts";
import { type Pool, whileWorking } from "../pool/pool.ts";
import { removeRecord, saveRecord } from "../records/volume-record.ts";

/** A move that has come to its end. */
export interface FinishedMove {
  readonly id: string;
  /** Names of the pools. */
  readonly from: string;
  readonly to: string;
}

/**
 * Ends moves that were cut short: a volume that has arrived is removed where it came from. While that pool is down the
 * move stays open.
 */
export async function finishMoves(
  pools: readonly Pool[],
  contents: ReadonlyMap<string, PoolContents>,
  log: Log,
): Promise<FinishedMove[]> {
  const finished: FinishedMove[] = [];
  for (const target of pools) {
    for (const { id, from } of contents.get(target.name)?.arrivals ?? []) {
      const source = pools.find((pool) => pool.id === from && pool !== target);
      const arrived = contents.get(target.name)?.volumes.find((volume) => volume.id === id);
      if (source === undefined || arrived === undefined) continue;
      const left = contents.get(source.name)?.volumes.find((volume) => volume.id === id);
      if (left !== undefined) await removeDeparted(source, left);
      await saveRecord(target, arrived);
      await target.sync.flush();
      finished.push({ id, from: source.name, to: target.name });
      log.info({ id, from: source.name, to: target.name }, "finished: a move between pools");
    }
  }
  return finished;
}

/** Removes a volume's disk from the pool that it left. */
export async function removeDeparted(source: Pool, volume: Volume): Promise<void> {
  await whileWorking(source, [volume.id], async () => {
    await rename(volume.path, source.layout.gone(volume.id));
    await removeRecord(volume);
    await source.sync.flush();
    await unlink(source.layout.gone(volume.id));
  });
}
