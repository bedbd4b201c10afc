import pLimit from "p-limit";
import { waitFor } from "../../../kit/deadline.ts";
import type { CallContext } from "../../engine/engine.ts";

/** Items of one batch at work at the same time. */
const AT_ONCE = 8;

/**
 * Works on the items of a batch: some side by side, those with the same key one after the other in their order. The
 * work goes on when its caller's wait ends; only the answer for an item that is not done by then is ABORTED.
 * @returns how each item ended, in the order of the items.
 */
export async function runBatch<T, R>(
  items: readonly T[],
  keyOf: (item: T) => string,
  work: (item: T, own: CallContext) => Promise<R>,
  context: CallContext,
): Promise<PromiseSettledResult<R>[]> {
  const own: CallContext = { ...context, signal: new AbortController().signal };
  const limit = pLimit(AT_ONCE);
  const lastOf = new Map<string, Promise<unknown>>();
  const waits = items.map((item) => {
    const key = keyOf(item);
    const before = lastOf.get(key) ?? Promise.resolve();
    const run = before.then(() => limit(() => work(item, own)));
    lastOf.set(
      key,
      run.catch(() => undefined),
    );
    return waitFor(run, "this item", context.signal);
  });
  return await Promise.allSettled(waits);
}
