import { StatusError } from "./errors.ts";

/**
 * The time a piece of work has. AbortSignal.timeout would do, but its timers outlive the work: with thousands of
 * calls a second they are most of the heap.
 */
export interface Budget {
  /** Ends when the time is over or the caller is gone. */
  readonly signal: AbortSignal;
  /** The caller is gone. */
  readonly cancel: () => void;
  /** The work has ended: nothing is left to be signalled. */
  readonly done: () => void;
}

export function startBudget(ms: number): Budget {
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort(new StatusError("DEADLINE_EXCEEDED", "the time of the caller is over"));
  }, ms);
  timer.unref();
  let ended = false;
  return {
    signal: controller.signal,
    cancel: () => {
      if (!ended) controller.abort(new StatusError("CANCELLED", "the caller is gone"));
    },
    done: () => {
      ended = true;
      clearTimeout(timer);
    },
  };
}

/**
 * Does `work` with a signal of its own, which ends with the caller's or after so many milliseconds. Nothing of it is left
 * once the work has ended. AbortSignal.any would do, but Node never lets go of one that another was made from
 * (nodejs/node#54614), so that nothing here uses it.
 */
export async function within<T>(
  ms: number,
  caller: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const budget = startBudget(ms);
  if (caller.aborted) budget.cancel();
  caller.addEventListener("abort", budget.cancel, { once: true });
  try {
    return await work(budget.signal);
  } finally {
    budget.done();
    caller.removeEventListener("abort", budget.cancel);
  }
}
