import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { nativeLibraries } from "./native.ts";

/** When start-up has surely ended, in milliseconds. */
const AFTER_MS = 1000;

type Collect = (options: { type: "major"; execution: "sync"; flavor: "last-resort" }) => void;

/**
 * Soon gives back what start-up left behind: a process that then waits for calls would carry it for hours, because
 * it makes too little garbage for V8 to look, and what lies free between things in use the C library keeps. Takes some
 * ten milliseconds, once.
 */
export function trimHeapAfterStart(): void {
  setTimeout(() => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as Collect;
    collect({ type: "major", execution: "sync", flavor: "last-resort" });
    trimAllocator();
  }, AFTER_MS).unref();
}

/** malloc_trim(3), which only glibc has. */
function trimAllocator(): void {
  try {
    nativeLibraries()?.load(null).func("int malloc_trim(size_t keep)")(0);
  } catch {
    // Another C library.
  }
}
