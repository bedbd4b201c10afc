import { type Static, Type } from "typebox";
import { DEFAULT_BUDGET_MS } from "../../kit/deadline.ts";
import type { CallContext, Engine } from "../engine/engine.ts";

export const Readiness = Type.Object({
  status: Type.Enum(["ok", "unavailable"]),
  host: Type.Enum(["ok", "down"], { description: "whether the host tells of its VMs" }),
  pools: Type.Record(Type.String(), Type.Enum(["ok", "down"]), { description: "each pool by name" }),
});
export type Readiness = Static<typeof Readiness>;

/** How long an answer is told again. */
const FRESH_MS = 1000;

/**
 * Tells whether an engine can serve. Who asks needs no key, so that however many ask there is one look at the host at a
 * time, and one a second.
 */
export function readinessOf(engine: Engine): () => Promise<Readiness> {
  let looked = -Infinity;
  let last: Promise<Readiness> | undefined;
  return () => {
    if (last !== undefined && performance.now() - looked < FRESH_MS) return last;
    // What is under way is not fresh yet, nor old.
    looked = Infinity;
    const own = look(engine).finally(() => {
      looked = performance.now();
    });
    last = own;
    return own;
  };
}

async function look(engine: Engine): Promise<Readiness> {
  const context: CallContext = { signal: AbortSignal.timeout(DEFAULT_BUDGET_MS), requestId: "readyz" };
  const [pools, host] = await Promise.all([
    engine.listPools(context),
    engine.listVms(context).then(
      () => "ok" as const,
      () => "down" as const,
    ),
  ]);
  const states = pools.map(({ name, down }) => [name, down === undefined ? "ok" : "down"] as const);
  const ready = host === "ok" && states.some(([, state]) => state === "ok");
  return { status: ready ? "ok" : "unavailable", host, pools: Object.fromEntries(states) };
}
