import { setTimeout as delay } from "node:timers/promises";

/** Waits until `condition` holds. The limit is only there so that a failing test ends. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; tries < 2000; tries++) {
    if (await condition()) return;
    await delay(10);
  }
  throw new Error(`waited in vain: ${what}`);
}
