import type { Log } from "../../kit/log.ts";
import type { Metrics } from "../../kit/metrics.ts";
import type { Host } from "../hosts/host.ts";
import type { Engine } from "./engine.ts";
import { guardedEngine } from "./guarded-engine.ts";
import { observedEngine } from "./observed-engine.ts";
import { observePool } from "./pool-metrics.ts";
import type { Pool } from "./pool.ts";
import { recoverPool } from "./recovery.ts";
import { engineRules } from "./rules.ts";

/** Recovers the pool and opens the engine over it. The pool stays its caller's to close. */
export async function openEngine(pool: Pool, host: Host, metrics: Metrics, log: Log): Promise<Engine> {
  const catalog = await recoverPool(pool, log);
  observePool(pool, catalog, metrics.registry);
  const rules = engineRules({ pool, host, catalog, log });
  log.info({ pool: pool.directory, volumes: catalog.size }, "pool is open");
  return observedEngine(guardedEngine(rules, catalog), metrics, log);
}
