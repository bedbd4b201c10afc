import { randomUUID } from "node:crypto";
import { DEFAULT_BUDGET_MS } from "../kit/deadline.ts";
import type { ClientCall } from "./agent-http.ts";

/** A call of this process's own, which ends with the signal or when its time is over. */
export function newCall(signal: AbortSignal, requestId: string = randomUUID()): ClientCall {
  return {
    signal: AbortSignal.any([signal, AbortSignal.timeout(DEFAULT_BUDGET_MS)]),
    requestId,
    deadline: performance.now() + DEFAULT_BUDGET_MS,
  };
}
