import type { Capacity, PoolStatus } from "../model.ts";
import type { EngineParts } from "../parts.ts";
import { promisableByPool, promisedIn } from "../pool/room.ts";
import { LARGEST_VOLUME, SMALLEST_VOLUME } from "../volumes/volume-size.ts";

/** What can be promised in one pool, or in all that are there. A volume lies in one pool, so the largest is of one. */
export async function capacity(parts: EngineParts, name: string | undefined): Promise<Capacity> {
  const wanted = name === undefined ? undefined : parts.pools.byName(name);
  const pools = [...(await promisableByPool(parts))].filter(
    ([pool]) => wanted === undefined || pool === wanted,
  );
  // Of a file system with several pools once.
  const rooms = [...new Map(pools.map(([{ device }, room]) => [device, room])).values()];
  const largest = rooms.reduce((most, room) => (room > most ? room : most), 0n);
  return {
    available: rooms.reduce((sum, room) => sum + room, 0n),
    minimumVolumeSize: SMALLEST_VOLUME,
    maximumVolumeSize: largest < LARGEST_VOLUME ? largest : LARGEST_VOLUME,
  };
}

export async function listPools(parts: EngineParts): Promise<PoolStatus[]> {
  const rooms = await promisableByPool(parts);
  const volumes = parts.catalog.volumes.countsByPool();
  const snapshots = parts.catalog.snapshots.countsByPool();
  return await Promise.all(
    parts.pools.slots().map(async (slot) => {
      const { place, pool, down } = slot;
      const { name, directory } = place;
      const space = (await pool?.space()) ?? { free: 0n, total: 0n };
      return {
        name,
        directory,
        down,
        ...space,
        promised: promisedIn(parts, slot),
        available: (pool && rooms.get(pool)) ?? 0n,
        volumes: volumes.get(name) ?? 0,
        snapshots: snapshots.get(name) ?? 0,
      };
    }),
  );
}
