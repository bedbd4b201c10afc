import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** When start-up has surely ended, in milliseconds. */
const AFTER_MS = 1000;

type Collect = (options: { type: "major"; execution: "sync"; flavor: "last-resort" }) => void;

/**
 * Soon gives back what start-up left behind: a process that then waits for calls would carry it for hours, because
 * it makes too little garbage for V8 to look. Takes some ten milliseconds, once.
 */
export function trimHeapAfterStart(): void {
  setTimeout(() => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as Collect;
    collect({ type: "major", execution: "sync", flavor: "last-resort" });
  }, AFTER_MS).unref();
}
