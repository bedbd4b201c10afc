import { expect } from "chai";
import { createMetrics } from "../../src/kit/metrics.ts";

describe("kit metrics", () => {
  it("are of one process: others have their own", async () => {
    const [one, other] = [createMetrics(), createMetrics()];
    one.unauthorized.inc({ reason: "wrong-key" });
    expect(await one.registry.metrics()).to.contain(
      'hyperv_csi_agent_unauthorized_total{reason="wrong-key"} 1',
    );
    expect(await other.registry.metrics()).to.contain(
      'hyperv_csi_agent_unauthorized_total{reason="wrong-key"} 0',
    );
  });

  it("have names under one prefix, each with a help text", async () => {
    const metrics = createMetrics();
    metrics.rpcSeconds.observe({ method: "Probe", code: "OK" }, 1);
    metrics.engineSeconds.observe({ operation: "create", code: "OK" }, 1);
    const values = await metrics.registry.getMetricsAsJSON();
    for (const { name, help } of values) {
      expect(name).to.match(/^hyperv_csi_/);
      expect(help).not.to.equal("");
    }
    const text = await metrics.registry.metrics();
    expect(text).to.contain(
      'hyperv_csi_agent_operation_duration_seconds_count{operation="create",code="OK"} 1',
    );
  });
});
