import { Gauge, type Registry } from "prom-client";
import type { Catalog } from "./catalog.ts";
import type { Pool } from "./pool.ts";

/** Adds a pool's gauges to the process's metrics; they are read when somebody asks. */
export function observePool(pool: Pool, catalog: Catalog, registry: Registry): void {
  const labels = { pool: pool.directory };
  const common = { labelNames: ["pool"], registers: [registry] };
  new Gauge({
    ...common,
    name: "hyperv_csi_agent_pool_free_bytes",
    help: "Bytes that a pool's file system has free",
    async collect() {
      this.set(labels, Number(await pool.freeBytes()));
    },
  });
  new Gauge({
    ...common,
    name: "hyperv_csi_agent_volumes",
    help: "Volumes in a pool",
    collect() {
      this.set(labels, catalog.size);
    },
  });
}
