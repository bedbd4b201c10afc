import { resolve } from "node:path";
import type { KnownPools } from "../../src/agent/engine/pool/known-pools.ts";

/** Remembers pools as long as a test runs. */
export function knownPools(): KnownPools {
  const ids = new Map<string, string>();
  return {
    idOf: (directory) => ids.get(resolve(directory)),
    remember: (directory, id) => {
      ids.set(resolve(directory), id);
      return Promise.resolve();
    },
  };
}
