import { isThere } from "../../../kit/is-there.ts";
import type { Log } from "../../../kit/log.ts";
import type { PoolContents } from "../catalog/catalog.ts";
import { fileNameOf } from "../pool/layout.ts";
import type { Pool } from "../pool/pool.ts";
import { newVolumeDisk, takeBack } from "../records/new-disk.ts";
import { removeRecord, saveRecord } from "../records/volume-record.ts";

/** A move that is open no more. */
export interface SettledMove {
  readonly id: string;
  /** Names of the pools. */
  readonly from: string;
  readonly to: string;
  /** True when the copy was taken back: the volume is where it was. */
  readonly undone: boolean;
}

/**
 * Settles moves that were cut short. Where the pool that was left still has the volume, the copy is taken back: nobody was
 * told of it, and what was left may have been written to since. Where it has not, the move is done. While that pool is down
 * the move stays open.
 */
export async function settleMoves(
  pools: readonly Pool[],
  contents: ReadonlyMap<string, PoolContents>,
  log: Log,
): Promise<SettledMove[]> {
  const settled: SettledMove[] = [];
  for (const target of pools) {
    for (const { id, from } of contents.get(target.name)?.arrivals ?? []) {
      const source = pools.find((pool) => pool.id === from && pool !== target);
      const left = source && contents.get(source.name);
      const arrived = contents.get(target.name)?.volumes.find((volume) => volume.id === id);
      if (source === undefined || left === undefined || arrived === undefined) continue;
      // Whether a disk that can't be read is the volume is for a person to say.
      if (left.leftAlone.some((disk) => disk.id === id)) continue;
      // A pool may have come back in the middle of a move, which knows itself how it ends.
      if (source.working.has(id)) continue;
      const here = left.volumes.find((volume) => volume.id === id);
      const undone = here !== undefined && (await isThere(here.path));
      if (undone) {
        await takeBack(newVolumeDisk(target, fileNameOf(arrived), id));
      } else {
        if (here !== undefined) await removeRecord(here);
        await source.sync.flush();
        await saveRecord(target, arrived);
        await target.sync.flush();
      }
      settled.push({ id, from: source.name, to: target.name, undone });
      log.info(
        { id, from: source.name, to: target.name },
        `${undone ? "undone" : "finished"}: a move between pools`,
      );
    }
  }
  return settled;
}
