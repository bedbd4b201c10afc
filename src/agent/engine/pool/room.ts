import { StatusError } from "../../../kit/errors.ts";
import { formatSize } from "../../../kit/sizes.ts";
import type { Volume } from "../model.ts";
import type { EngineParts } from "../parts.ts";
import type { Pool, PoolSpace } from "./pool.ts";
import type { PoolSlot } from "./pools.ts";

/** Bytes of a pool that may be promised in all: what is free, less the reserve, times the overcommit. */
function usable({ settings }: EngineParts, { free, total }: PoolSpace): bigint {
  const left = free - settings.reserveOf(total);
  return settings.overcommit === 1 ? left : BigInt(Math.floor(Number(left) * settings.overcommit));
}

/** Bytes that may still be taken from a pool's file system: by its disks, and by those of the other open pools on it. */
export function promisedOn({ pools, inventory: { claims } }: EngineParts, { name, device }: Pool): bigint {
  return pools
    .open()
    .filter((other) => other.device === device && other.name !== name)
    .reduce((sum, other) => sum + claims.promised(other.name), claims.promised(name));
}

/** The same of a pool that may be down: then what its own disks may take. */
export function promisedIn(parts: EngineParts, { place, pool }: PoolSlot): bigint {
  return pool === undefined ? parts.inventory.claims.promised(place.name) : promisedOn(parts, pool);
}

/** Bytes of a pool that can still be promised. */
export function promisable(parts: EngineParts, pool: Pool, space: PoolSpace): bigint {
  const left = usable(parts, space) - promisedOn(parts, pool);
  return left > 0n ? left : 0n;
}

/** The same of each pool that is open, after a look at the disks that are in use: what they take changes by itself. */
export async function promisableByPool(parts: EngineParts): Promise<Map<Pool, bigint>> {
  await lookAtAttached(parts);
  const room = new Map<Pool, bigint>();
  for (const pool of parts.pools.open()) room.set(pool, promisable(parts, pool, await pool.space()));
  return room;
}

async function lookAtAttached({ host, inventory, catalog, log }: EngineParts): Promise<void> {
  const attached = new Set((await host.listAttachments()).map(({ volumeId }) => volumeId));
  for (const id of attached) {
    const volume = catalog.volumes.byId(id);
    if (volume === undefined) continue;
    // What it took at the last look counts on: that promises too little rather than too much.
    await inventory.look(volume).catch((error: unknown) => {
      log.debug({ err: error, id }, "a disk in use could not be looked at");
    });
  }
}

/** What a disk that is about to be made or to grow will claim at most. */
export interface NewClaim {
  readonly id: string;
  readonly lineage: string;
  readonly size: bigint;
}

/** Room for a disk of the pool to grow; its claim is then that of its new size. @throws StatusError as {@link claimRoom} */
export async function claimGrowth(parts: EngineParts, volume: Volume, size: bigint): Promise<void> {
  const pool = parts.pools.byName(volume.pool);
  // What it took since the last look is no promise any more.
  await parts.inventory.look(volume);
  let taken: Pool | undefined;
  try {
    taken = await tryClaim(parts, [pool], { ...volume, size });
  } finally {
    // One that can't grow goes on claiming what it has.
    if (taken === undefined) parts.inventory.claim(volume);
  }
  if (taken === undefined) throw await tooFull(parts, [pool], size - volume.size);
}

/**
 * Claims room for a disk in the wanted pool, or in the one with most room. The claim stands until the disk is put into
 * the inventory, or the claim is given up.
 * @throws StatusError RESOURCE_EXHAUSTED when no pool can promise it; NOT_FOUND, UNAVAILABLE
 */
export async function claimRoom(
  parts: EngineParts,
  wanted: string | undefined,
  disk: NewClaim,
): Promise<Pool> {
  const first = wanted === undefined ? parts.pools.open() : [parts.pools.byName(wanted)];
  if (first.length === 0) {
    const [slot] = parts.pools.slots();
    throw new StatusError("UNAVAILABLE", `no pool can be used: ${slot?.down ?? "there is none"}`);
  }
  const taken = await tryClaim(parts, first, disk);
  if (taken !== undefined) return taken;
  // What disks in use took since the last look was counted twice, as taken and as promised.
  await lookAtAttached(parts);
  const retaken = await tryClaim(parts, first, disk);
  if (retaken !== undefined) return retaken;
  const most = first.map((pool) => promiseOf(parts, pool, disk)).reduce((a, b) => (a > b ? a : b), 0n);
  throw await tooFull(parts, first, most);
}

/** Bytes that a disk takes of what a pool can promise: its own, and what its relatives there may overwrite from then on. */
function promiseOf({ inventory }: EngineParts, { name }: Pool, disk: NewClaim): bigint {
  const before = inventory.claims.promised(name);
  inventory.claim({ ...disk, pool: name });
  const after = inventory.claims.promised(name);
  inventory.claims.delete(disk.id);
  return after - before;
}

async function tryClaim(
  parts: EngineParts,
  pools: readonly Pool[],
  disk: NewClaim,
): Promise<Pool | undefined> {
  const { claims } = parts.inventory;
  const spaces = await Promise.all(pools.map(async (pool) => ({ pool, space: await pool.space() })));
  const byRoom = spaces.sort((one, other) =>
    promisable(parts, one.pool, one.space) > promisable(parts, other.pool, other.space) ? -1 : 1,
  );
  for (const { pool, space } of byRoom) {
    // Nothing waits between the claim and the look at what is left: two creates can't take the same bytes.
    parts.inventory.claim({ ...disk, pool: pool.name });
    if (usable(parts, space) >= promisedOn(parts, pool)) {
      try {
        await pool.requirePresent();
        return pool;
      } catch (error) {
        claims.delete(disk.id);
        throw error;
      }
    }
    claims.delete(disk.id);
  }
  return undefined;
}

async function tooFull(parts: EngineParts, pools: readonly Pool[], bytes: bigint): Promise<StatusError> {
  const rooms = await Promise.all(
    pools.map(async (pool) => {
      const room = promisable(parts, pool, await pool.space());
      return `pool ${pool.name} (${pool.directory}) has ${formatSize(room)} free to promise`;
    }),
  );
  return new StatusError(
    "RESOURCE_EXHAUSTED",
    `${rooms.join(", ")}, less than the ${formatSize(bytes)} asked for`,
  );
}
