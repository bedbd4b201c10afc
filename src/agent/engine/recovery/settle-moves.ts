import type { Log } from "../../../kit/log.ts";
import type { Arrival, PoolContents } from "../catalog/catalog.ts";
import type { Inventory } from "../catalog/inventory.ts";
import type { Volume } from "../model.ts";
import { fileNameOf } from "../pool/layout.ts";
import type { Pool } from "../pool/pool.ts";
import { newVolumeDisk, takeBack } from "../records/new-disk.ts";
import { removeRecord, saveRecord } from "../records/volume-record.ts";

type Contents = ReadonlyMap<string, PoolContents>;

/** What became of a move that was open. */
export interface SettledMove {
  readonly arrival: Arrival;
  /**
   * `undone`: the copy was taken back. `finished`: the volume is the copy. `passed over`: a move that is at work, or a
   * pool that is down, has the volume, so the copy is not looked at. `open`: the copy could not be taken back.
   */
  readonly outcome: "undone" | "finished" | "passed over" | "open";
}

/**
 * Settles moves that were cut short. Where another pool still has the volume, the copy is taken back: nobody was told of
 * it, and what was left may have been written to since. Where none has, the move is done. While the pool that was left is
 * down the move stays open.
 */
export async function settleMoves(
  pools: readonly Pool[],
  contents: Contents,
  { moving }: Pick<Inventory, "moving">,
  log: Log,
): Promise<SettledMove[]> {
  const settled: SettledMove[] = [];
  for (const target of pools) {
    for (const arrival of contents.get(target.name)?.arrivals ?? []) {
      const { from, copy } = arrival;
      const { id } = copy;
      const outcome = moving.has(id)
        ? "passed over"
        : await settle(pools, contents, target, arrival).catch((error: unknown) => {
            log.error({ err: error, id, pool: target.name }, "a move between pools can't be settled");
            return "open" as const;
          });
      if (outcome === undefined) continue;
      settled.push({ arrival, outcome });
      log.info({ id, from, to: target.name }, `a move between pools: ${outcome}`);
    }
  }
  return settled;
}

/** Undefined where nothing can be decided, so that nothing changes. */
async function settle(
  pools: readonly Pool[],
  contents: Contents,
  target: Pool,
  { from, copy }: Arrival,
): Promise<SettledMove["outcome"] | undefined> {
  const { id } = copy;
  const source = pools.find((pool) => pool.id === from && pool !== target);
  const left = source && contents.get(source.name);
  // Whether a disk that can't be read is the volume is for a person to say.
  if (source === undefined || left === undefined || left.leftAlone.some((disk) => disk.id === id))
    return undefined;
  const others = [...contents].filter(([name]) => name !== target.name);
  const holder = others.find(([, { volumes }]) => volumes.some((volume) => isSound(volume, id)))?.[0];
  if (holder !== undefined) {
    // Another copy that has arrived is no better than this one.
    if (contents.get(holder)?.arrivals.some((arrival) => arrival.copy.id === id) === true) return undefined;
    if (!pools.some(({ name }) => name === holder)) return "passed over";
    await takeBack(newVolumeDisk(target, fileNameOf(copy), id));
    return "undone";
  }
  const record = left.volumes.find((volume) => volume.id === id);
  if (record !== undefined) await removeRecord(record);
  await source.sync.flush();
  await saveRecord(target, copy);
  await target.sync.flush();
  return "finished";
}

const isSound = (volume: Volume, id: string) => volume.id === id && volume.fault === undefined;

/** What the pools hold once moves are settled, as the catalog has it by now: nothing waits in here. */
export function afterMoves(
  contents: Contents,
  moves: readonly SettledMove[],
  { catalog }: Pick<Inventory, "catalog">,
): Map<string, PoolContents> {
  const after = new Map(contents);
  const change = (pool: string, by: (contents: PoolContents) => Partial<PoolContents>) => {
    const before = after.get(pool);
    if (before !== undefined) after.set(pool, { ...before, ...by(before) });
  };
  for (const { arrival, outcome } of moves) {
    const { copy } = arrival;
    const { id } = copy;
    const without = ({ volumes }: PoolContents) => volumes.filter((volume) => volume.id !== id);
    if (outcome === "finished") {
      for (const pool of after.keys()) change(pool, (each) => ({ volumes: without(each) }));
    }
    const isElsewhere = [...after].some(
      ([pool, { volumes }]) => pool !== copy.pool && volumes.some((volume) => volume.id === id),
    );
    const known = catalog.volumes.byId(id);
    const served = known?.pool === copy.pool ? known : copy;
    change(copy.pool, (reached) => ({
      volumes: outcome === "undone" || isElsewhere ? without(reached) : [...without(reached), served],
      arrivals: reached.arrivals.filter((each) => each.copy.id !== id || outcome === "open"),
    }));
  }
  return after;
}
