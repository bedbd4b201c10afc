import { createRequire } from "node:module";

/** The library that calls functions of the system's own libraries. */
export type Native = typeof import("koffi");

type NativeFunction = ReturnType<ReturnType<Native["load"]>["func"]>;

/** Calls a function of the system's that may wait, in a thread of libuv's pool. */
export function callInThread<T>(call: NativeFunction, ...args: unknown[]): Promise<T> {
  return new Promise((resolve, reject) => {
    call.async(...args, (error: Error | null, result: T) => {
      if (error) reject(error);
      else resolve(result);
    });
  });
}

/** Undefined where it is not installed, as in a bundle that stands alone: then the platform's extras are done without. */
export function nativeLibraries(): Native | undefined {
  try {
    return createRequire(import.meta.url)("koffi") as Native;
  } catch {
    return undefined;
  }
}
