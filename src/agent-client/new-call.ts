import { randomUUID } from "node:crypto";
import { within } from "../kit/budget.ts";
import { DEFAULT_BUDGET_MS } from "../kit/deadline.ts";
import type { ClientCall } from "./agent-http.ts";

/** Asks as this process itself, not for a caller of its own: the call ends with the signal or when its time is over. */
export async function newCall<T>(
  signal: AbortSignal,
  ask: (call: ClientCall) => Promise<T>,
  requestId: string = randomUUID(),
): Promise<T> {
  const deadline = performance.now() + DEFAULT_BUDGET_MS;
  return await within(DEFAULT_BUDGET_MS, signal, (own) => ask({ signal: own, requestId, deadline }));
}
