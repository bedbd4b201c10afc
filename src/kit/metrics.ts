import { collectDefaultMetrics, Counter, Histogram, Registry } from "prom-client";

/** The metrics of one process. A process has one; tests make their own. */
export interface Metrics {
  readonly registry: Registry;
  /** Seconds per CSI call, by method and gRPC code. */
  readonly rpcSeconds: Histogram<"method" | "code">;
  /** Seconds per engine operation on the agent, by operation and code. */
  readonly engineSeconds: Histogram<"operation" | "code">;
  /** Refused REST calls by reason. */
  readonly unauthorized: Counter<"reason">;
}

/** Why a REST call is refused for its key. */
const refusalReasons = ["missing-key", "wrong-key", "role", "throttled"] as const;
export type RefusalReason = (typeof refusalReasons)[number];

const latencyBuckets = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300];

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry, prefix: "hyperv_csi_" });
  const unauthorized = new Counter({
    name: "hyperv_csi_agent_unauthorized_total",
    help: "REST calls refused for their key: missing, wrong, of too low a role, or from an address that guesses",
    labelNames: ["reason"],
    registers,
  });
  // A series that is there from the start can be alerted on.
  for (const reason of refusalReasons) unauthorized.inc({ reason }, 0);
  return {
    registry,
    unauthorized,
    rpcSeconds: new Histogram({
      name: "hyperv_csi_rpc_duration_seconds",
      help: "Duration of CSI calls",
      labelNames: ["method", "code"],
      buckets: latencyBuckets,
      registers,
    }),
    engineSeconds: new Histogram({
      name: "hyperv_csi_agent_operation_duration_seconds",
      help: "Duration of volume engine operations",
      labelNames: ["operation", "code"],
      buckets: latencyBuckets,
      registers,
    }),
  };
}
