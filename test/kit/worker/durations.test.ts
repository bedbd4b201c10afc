import { expect } from "chai";
import { createMetrics } from "../../../src/kit/metrics.ts";
import { workerDurations } from "../../../src/kit/worker/durations.ts";

describe("durations of what workers were asked", () => {
  it("are served under the metric's name, by operation and code", async () => {
    const metrics = createMetrics();
    const observe = workerDurations(metrics, "hyperv_csi_test_seconds", "Of a test");
    observe("survey", "OK", 0.2);
    observe("survey", "LOST", 70);
    const text = await metrics.registry.metrics();
    expect(text).to.contain("# HELP hyperv_csi_test_seconds Of a test");
    expect(text).to.contain('hyperv_csi_test_seconds_sum{operation="survey",code="OK"} 0.2');
    expect(text).to.contain('hyperv_csi_test_seconds_bucket{le="60",operation="survey",code="LOST"} 0');
  });
});
