import { setTimeout } from "node:timers/promises";

/** Waits, and ends early, without an error, when the signal is aborted. @returns whether to go on: it was not aborted */
export async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await setTimeout(ms, undefined, { signal });
  } catch {
    return false;
  }
  return !signal.aborted;
}
