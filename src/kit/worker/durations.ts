import { Histogram } from "prom-client";
import type { Metrics } from "../metrics.ts";
import type { WorkerObserver } from "./pool.ts";

/** Counts how long workers took, by operation and code, as a metric of this name. */
export function workerDurations({ registry }: Metrics, name: string, help: string): WorkerObserver {
  const seconds = new Histogram({
    name,
    help,
    labelNames: ["operation", "code"],
    buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60],
    registers: [registry],
  });
  return (operation, code, duration) => {
    seconds.observe({ operation, code }, duration);
  };
}
