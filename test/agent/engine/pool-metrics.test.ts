import { expect } from "chai";
import { Registry } from "prom-client";
import { Catalog } from "../../../src/agent/engine/catalog.ts";
import { observePool } from "../../../src/agent/engine/pool-metrics.ts";
import type { Pool } from "../../../src/agent/engine/pool.ts";

describe("metrics of a pool", () => {
  it("are read anew each time somebody asks", async () => {
    let free = 2n ** 46n;
    const pool = { directory: "/pools/a", freeBytes: () => Promise.resolve(free) } as Pool;
    const catalog = new Catalog();
    const registry = new Registry();
    observePool(pool, catalog, registry);
    expect(await registry.metrics())
      .to.contain('hyperv_csi_agent_pool_free_bytes{pool="/pools/a"} 70368744177664')
      .and.contain('hyperv_csi_agent_volumes{pool="/pools/a"} 0');

    free = 1024n;
    const id = "0f8fad5b-d9cb-469f-a165-70867728950e";
    catalog.put({ id, name: "data", size: 1n, type: "fixed", path: "/pools/a/data" });
    expect(await registry.metrics())
      .to.contain('hyperv_csi_agent_pool_free_bytes{pool="/pools/a"} 1024')
      .and.contain('hyperv_csi_agent_volumes{pool="/pools/a"} 1');
  });
});
