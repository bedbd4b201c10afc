import { expect } from "chai";
import { Registry } from "prom-client";
import { observePools } from "../../../../src/agent/engine/pool/pool-metrics.ts";
import { engineRigs, makeVolume } from "../../../support/engine-rig.ts";

describe("metrics of a pool", () => {
  const newRig = engineRigs();

  it("are read anew each time somebody asks", async () => {
    let free = 2n ** 46n;
    const rig = await newRig({ free: () => free });
    const registry = new Registry();
    observePools(rig.parts, registry);
    expect(await registry.metrics())
      .to.contain('hyperv_csi_agent_pool_free_bytes{pool="default"} 70368744177664')
      .and.contain('hyperv_csi_agent_volumes{pool="default"} 0');

    const [pool] = rig.parts.pools.open();
    const { total } = await pool!.space();
    await makeVolume(rig);
    free = 1024n;
    expect(await registry.metrics())
      .to.contain('hyperv_csi_agent_pool_free_bytes{pool="default"} 1024')
      .and.contain(`hyperv_csi_agent_pool_size_bytes{pool="default"} ${total}`)
      .and.contain('hyperv_csi_agent_volumes{pool="default"} 1');
  });

  it("tell the rest when a file system does not answer", async () => {
    const rig = await newRig({
      free: () => {
        throw new Error("no answer");
      },
    });
    const registry = new Registry();
    observePools(rig.parts, registry);
    expect(await registry.metrics())
      .to.contain('hyperv_csi_agent_pool_up{pool="default"} 1')
      .and.not.contain("hyperv_csi_agent_pool_free_bytes{");
  });
});
