import { setTimeout as delay } from "node:timers/promises";

const LONGEST_MS = 5 * 60_000;

/** Asks until there is an answer other than undefined. What `what` says is told when there is none for long. */
export async function until<Answer>(
  what: string,
  ask: () => Promise<Answer | undefined>,
  longestMs = LONGEST_MS,
): Promise<Answer> {
  const end = performance.now() + longestMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > end) throw new Error(`waited in vain for ${longestMs / 1000} s: ${what}`);
    await delay(200);
  }
}
