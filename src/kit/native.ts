import { createRequire } from "node:module";
import pLimit from "p-limit";

/** The library that calls functions of the system's own libraries. */
export type Native = typeof import("koffi");

type NativeFunction = ReturnType<ReturnType<Native["load"]>["func"]>;

/** Calls at once, as many as libuv has threads for this program. The library fails those beyond 256. */
const CALLS_AT_ONCE = 32;
const threads = pLimit(CALLS_AT_ONCE);

/** Calls a function of the system's that may wait, in a thread of libuv's pool. */
export function callInThread<T>(call: NativeFunction, ...args: unknown[]): Promise<T> {
  return threads(
    () =>
      new Promise((resolve, reject) => {
        call.async(...args, (error: Error | null, result: T) => {
          if (error) reject(error);
          else resolve(result);
        });
      }),
  );
}

/** Undefined where it is not installed, as in a bundle that stands alone: then the platform's extras are done without. */
export function nativeLibraries(): Native | undefined {
  try {
    return (loaded ??= loadKoffi());
  } catch {
    return undefined;
  }
}
let loaded: Native | undefined;

function loadKoffi(): Native {
  const koffi = createRequire(import.meta.url)("koffi") as Native;
  // It keeps the memory of so many calls; that of others is allocated each time, which takes three times as long.
  if (koffi.config().resident_async_pools !== CALLS_AT_ONCE)
    koffi.config({ resident_async_pools: CALLS_AT_ONCE });
  return koffi;
}
