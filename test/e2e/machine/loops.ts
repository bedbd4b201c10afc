import { setTimeout as delay } from "node:timers/promises";
import { runAny } from "../../../src/kit/run.ts";
import { loopsBelow } from "../../support/scratch-directory.ts";

/** Frees the loop devices over files below a directory, which a run that failed left attached. */
export async function freeLoops(directory: string): Promise<void> {
  for (let tries = 0; loopsBelow(directory).length > 0; tries++) {
    if (tries > 0) await delay(100);
    if (tries > 100) throw new Error(`loop devices stay: ${loopsBelow(directory).join(" ")}`);
    for (const device of loopsBelow(directory)) await runAny("losetup", ["--detach", device]);
  }
}
