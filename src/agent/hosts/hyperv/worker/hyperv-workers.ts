import { answerReader } from "../../../../kit/worker/answer.ts";
import { WorkerPool, type WorkerKind, type WorkerObserver } from "../../../../kit/worker/pool.ts";
import type { WorkerSettings } from "../../../../kit/worker/settings.ts";
import type { Log } from "../../../../kit/log.ts";
import { type Hello, type HypervOperations, results } from "../protocol.ts";
import { hypervFailures } from "./failures.ts";

/** Workers of a Hyper-V host. */
export type HypervWorkers = WorkerPool<HypervOperations>;

export const readAnswer = answerReader(results);

/** @param accept throws for a worker that must not be used, by what it says of itself and its machine */
export function hypervWorkers(
  settings: WorkerSettings,
  log: Log,
  observe: WorkerObserver,
  accept: (hello: Hello) => void,
): HypervWorkers {
  const kind: WorkerKind<HypervOperations> = { readAnswer, failures: hypervFailures, accept };
  return new WorkerPool(kind, settings, log, observe);
}
