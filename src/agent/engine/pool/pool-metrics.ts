import { Gauge, type Registry } from "prom-client";
import type { EngineParts } from "../parts.ts";
import type { Pool, PoolSpace } from "./pool.ts";
import { promisable, promisedIn } from "./room.ts";

/** Adds the pools' gauges to the process's metrics; they are read when somebody asks. */
export function observePools(parts: EngineParts, registry: Registry): void {
  const common = { labelNames: ["pool"] as const, registers: [registry] };
  const { pools, catalog } = parts;
  new Gauge({
    ...common,
    name: "hyperv_csi_agent_pool_up",
    help: "1 while a pool can be used",
    collect() {
      for (const { place, pool } of pools.slots()) this.set({ pool: place.name }, pool === undefined ? 0 : 1);
    },
  });
  new Gauge({
    ...common,
    name: "hyperv_csi_agent_pool_size_bytes",
    help: "Bytes that a pool's file system has in all",
    async collect() {
      this.reset();
      for (const [pool, { total }] of await spacesOf(pools)) this.set({ pool: pool.name }, Number(total));
    },
  });
  new Gauge({
    ...common,
    name: "hyperv_csi_agent_pool_free_bytes",
    help: "Bytes that a pool's file system has free",
    async collect() {
      this.reset();
      for (const [pool, { free }] of await spacesOf(pools)) this.set({ pool: pool.name }, Number(free));
    },
  });
  new Gauge({
    ...common,
    name: "hyperv_csi_agent_pool_promisable_bytes",
    help: "Bytes that can still be promised to new volumes",
    async collect() {
      this.reset();
      for (const [pool, space] of await spacesOf(pools)) {
        this.set({ pool: pool.name }, Number(promisable(parts, pool, space)));
      }
    },
  });
  new Gauge({
    ...common,
    name: "hyperv_csi_agent_pool_promised_bytes",
    help: "Bytes that the disks of all pools on a pool's file system may still claim",
    collect() {
      for (const slot of pools.slots()) this.set({ pool: slot.place.name }, Number(promisedIn(parts, slot)));
    },
  });
  for (const [name, help, shelf] of [
    ["hyperv_csi_agent_volumes", "Volumes in a pool", catalog.volumes],
    ["hyperv_csi_agent_snapshots", "Snapshots in a pool", catalog.snapshots],
  ] as const) {
    new Gauge({
      ...common,
      name,
      help,
      collect() {
        const counts = shelf.countsByPool();
        for (const { place } of pools.slots()) this.set({ pool: place.name }, counts.get(place.name) ?? 0);
      },
    });
  }
}

/** What the file systems of the pools tell; one that tells nothing must not hide the other metrics. */
async function spacesOf(pools: EngineParts["pools"]): Promise<[Pool, PoolSpace][]> {
  const told = await Promise.allSettled(
    pools.open().map(async (pool): Promise<[Pool, PoolSpace]> => [pool, await pool.space()]),
  );
  return told.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
}
