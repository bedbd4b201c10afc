import type { Log } from "../../kit/log.ts";
import type { Metrics } from "../../kit/metrics.ts";
import type { Host } from "../hosts/host.ts";
import { Catalog } from "./catalog/catalog.ts";
import { Inventory } from "./catalog/inventory.ts";
import type { Engine } from "./engine.ts";
import { guardedEngine } from "./guarded-engine.ts";
import { IndexKeeper } from "./index/index-keeper.ts";
import { Ledger } from "./index/ledger.ts";
import { observedEngine } from "./observed-engine.ts";
import { Claims } from "./pool/claims.ts";
import type { KnownPools } from "./pool/known-pools.ts";
import { observePools } from "./pool/pool-metrics.ts";
import { PoolKeeper, type PoolOwner } from "./pool/pool-keeper.ts";
import type { PoolPlace } from "./pool/pool.ts";
import { Pools } from "./pool/pools.ts";
import { startRetention } from "./retention.ts";
import { engineRules } from "./rules.ts";
import type { EngineSettings } from "./settings.ts";

/** The engine at work. */
export interface OpenEngine {
  readonly engine: Engine;
  /** Lets the pools go, when no change runs any more. */
  readonly close: () => Promise<void>;
}

/** Where an engine's pools are, and as whom it opens them. */
export interface EnginePlaces extends PoolOwner {
  readonly pools: readonly PoolPlace[];
  readonly known: KnownPools;
}

/**
 * Opens the pools, ends what a crash cut short in them, and opens the engine over them.
 * @throws StatusError FAILED_PRECONDITION for a pool of another agent or group
 */
export async function openEngine(
  places: EnginePlaces,
  host: Host,
  settings: EngineSettings,
  metrics: Metrics,
  log: Log,
): Promise<OpenEngine> {
  const pools = new Pools(places.pools);
  const catalog = new Catalog();
  const ledger = new Ledger();
  const index = new IndexKeeper(pools, catalog, ledger, log);
  const sharesBlocks = (name: string) =>
    pools.slots().find(({ pool }) => pool?.name === name)?.pool?.sharesBlocks ?? false;
  const inventory = new Inventory(catalog, ledger, new Claims(), sharesBlocks, (pool) => {
    index.changed(pool);
  });
  const parts = { pools, host, inventory, catalog, settings, log };
  const keeper = new PoolKeeper(pools, inventory, host, places, places.known, log);
  await keeper.openAll();
  observePools(parts, metrics.registry);
  const retention = settings.retentionMs > 0 ? startRetention(parts) : undefined;
  return {
    engine: observedEngine(guardedEngine(engineRules(parts), catalog), metrics, log),
    close: async () => {
      retention?.close();
      await index.close();
      await keeper.close();
    },
  };
}
