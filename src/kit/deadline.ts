import { StatusError } from "./errors.ts";

/** Longest a call without a deadline of its own may take, in milliseconds. */
export const DEFAULT_BUDGET_MS = 120_000;

/**
 * What a hop may spend of its caller's remaining milliseconds: a little less, so that the explanation arrives
 * before the caller gives up.
 */
export function shrinkBudget(remainingMs: number): number {
  return Math.max(1, Math.floor(remainingMs - Math.min(500, remainingMs * 0.1)));
}

/**
 * Waits for `work` until `signal` ends. The work itself goes on: only the wait is given up, with ABORTED, so that
 * a repeated request can join it.
 */
export async function waitFor<T>(
  work: Promise<T>,
  what: string | (() => string),
  signal: AbortSignal,
): Promise<T> {
  let giveUp: (() => void) | undefined;
  const gaveUp = new Promise<never>((_resolve, reject) => {
    giveUp = () => {
      const running = typeof what === "string" ? what : what();
      reject(new StatusError("ABORTED", `${running} is still running; the request can be repeated`));
    };
    if (signal.aborted) giveUp();
    else signal.addEventListener("abort", giveUp, { once: true });
  });
  // Whoever joined last may be gone when the work fails: that must not end the process.
  work.catch(() => undefined);
  try {
    return await Promise.race([work, gaveUp]);
  } finally {
    if (giveUp !== undefined) signal.removeEventListener("abort", giveUp);
  }
}
