import fs from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

type Flush = () => Promise<void>;
const FLUSHES = ["sync", "datasync"] as const;
const BARE_FLUSHES = ["fsync", "fdatasync"] as const;
/** Where the VHDX library calls the system: every place of it begins there. */
const DESCRIPTOR = "vhdx/storage/descriptor.ts";

/** The places that flush a file, told by the source files of the calls, innermost first. */
export interface Flushes {
  readonly seen: Set<string>;
  /** While it is set, flushes from places that match do nothing. */
  dropped: RegExp | undefined;
  /** Flushes are as they were. */
  restore(): void;
}

/** Looks at every fsync and fdatasync of this process from now on, of handles and of bare descriptors. */
export async function watchFlushes(): Promise<Flushes> {
  const handle = await open("/dev/null");
  const prototype = Object.getPrototypeOf(handle) as Record<(typeof FLUSHES)[number], Flush>;
  await handle.close();
  const real = FLUSHES.map((name) => ({ name, flush: prototype[name] }));
  const bare = BARE_FLUSHES.map((name) => ({ name, flush: fs[name] }));
  const flushes: Flushes = {
    seen: new Set(),
    dropped: undefined,
    restore: () => {
      for (const { name, flush } of real) prototype[name] = flush;
      for (const { name, flush } of bare) fs[name] = flush;
      syncBuiltinESMExports();
    },
  };
  /** @returns whether the flush is to be left out */
  const see = () => {
    const place = placeOf(new Error().stack ?? "");
    flushes.seen.add(place);
    return flushes.dropped?.test(place) === true;
  };
  for (const { name, flush } of real) {
    prototype[name] = function (this: FileHandle) {
      return see() ? Promise.resolve() : flush.call(this);
    };
  }
  for (const { name, flush } of bare) {
    const watched = (descriptor: number, done: fs.NoParamCallback) => {
      if (see()) setImmediate(done, null);
      else flush(descriptor, done);
    };
    fs[name] = Object.assign(watched, { __promisify__: flush.__promisify__ });
  }
  // So that whoever imports them by name has these, too.
  syncBuiltinESMExports();
  return flushes;
}

/** `a.ts < b.ts`: the files below src/ on the stack, each once in a row. */
function placeOf(stack: string): string {
  const files = [...stack.matchAll(/\/src\/(\S+?\.ts):/g)].map(([, file = ""]) => file);
  const places = files.filter((file) => file !== DESCRIPTOR);
  return places.filter((file, index) => file !== places[index - 1]).join(" < ");
}
