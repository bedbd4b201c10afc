import { startBudget } from "../../kit/budget.ts";
import { DEFAULT_BUDGET_MS, waitFor } from "../../kit/deadline.ts";
import { KeyedLocks } from "../../kit/locks.ts";
import type { Catalog } from "./catalog.ts";
import type { CallContext, Engine, SizeRange } from "./engine.ts";

/**
 * The rules under locks, with joins: a change runs once however many ask for it, a request that arrives while its
 * twin runs waits for the same work, and a client that hangs up stops only its own wait. Reads take no lock.
 */
export function guardedEngine(rules: Engine, catalog: Catalog): Engine {
  const locks = new KeyedLocks();
  const running = new Map<string, Promise<unknown>>();

  /** @param request names operation and parameters: equal texts are twins. */
  function change<T>(
    request: readonly [operation: string, ...parameters: string[]],
    keys: readonly string[],
    context: CallContext,
    work: (own: CallContext) => Promise<T>,
  ): Promise<T> {
    const what = request.join(" ");
    const twin = running.get(what) as Promise<T> | undefined;
    if (twin !== undefined) return waitFor(twin, what, context.signal);
    const budget = startBudget(DEFAULT_BUDGET_MS);
    const own = { ...context, signal: budget.signal };
    const started = locks
      .run(keys, what, own.signal, () => work(own))
      .finally(() => {
        budget.done();
        running.delete(what);
      });
    running.set(what, started);
    return waitFor(started, what, context.signal);
  }

  /** A name is free again only when its volume is gone: a delete holds it against a create. */
  function deleteKeys(id: string): string[] {
    const name = catalog.byId(id)?.name;
    return name === undefined ? [`volume ${id}`] : [`volume ${id}`, `name ${name}`];
  }

  return {
    ...rules,
    createVolume: (name, size, context) =>
      change(["create", name, ...range(size)], [`name ${name}`], context, (own) =>
        rules.createVolume(name, size, own),
      ),
    deleteVolume: (id, context) =>
      change(["delete", id], deleteKeys(id), context, (own) => rules.deleteVolume(id, own)),
    expandVolume: (id, size, context) =>
      change(["expand", id, ...range(size)], [`volume ${id}`], context, (own) =>
        rules.expandVolume(id, size, own),
      ),
    attach: (vmId, volumeId, readOnly, context) =>
      change(
        ["attach", volumeId, vmId, readOnly ? "read-only" : "writable"],
        [`volume ${volumeId}`, `vm ${vmId}`],
        context,
        (own) => rules.attach(vmId, volumeId, readOnly, own),
      ),
    detach: (vmId, volumeId, context) =>
      change(["detach", volumeId, vmId], [`volume ${volumeId}`, `vm ${vmId}`], context, (own) =>
        rules.detach(vmId, volumeId, own),
      ),
  };
}

function range({ required, limit }: SizeRange): [string, string] {
  return [String(required), String(limit ?? "exactly")];
}
