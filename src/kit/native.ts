import { createRequire } from "node:module";

/** The library that calls functions of the system's own libraries. */
export type Native = typeof import("koffi");

/** Undefined where it is not installed, as in a bundle that stands alone: then the platform's extras are done without. */
export function nativeLibraries(): Native | undefined {
  try {
    return createRequire(import.meta.url)("koffi") as Native;
  } catch {
    return undefined;
  }
}
