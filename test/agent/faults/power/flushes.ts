import { open, type FileHandle } from "node:fs/promises";

type Flush = () => Promise<void>;
const FLUSHES = ["sync", "datasync"] as const;

/** The places that flush a file, told by the source files of the calls, innermost first. */
export interface Flushes {
  readonly seen: Set<string>;
  /** While it is set, flushes from places that match do nothing. */
  dropped: RegExp | undefined;
  /** Flushes are as they were. */
  restore(): void;
}

/** Looks at every fsync and fdatasync of this process from now on. */
export async function watchFlushes(): Promise<Flushes> {
  const handle = await open("/dev/null");
  const prototype = Object.getPrototypeOf(handle) as Record<(typeof FLUSHES)[number], Flush>;
  await handle.close();
  const real = FLUSHES.map((name) => ({ name, flush: prototype[name] }));
  const flushes: Flushes = {
    seen: new Set(),
    dropped: undefined,
    restore: () => {
      for (const { name, flush } of real) prototype[name] = flush;
    },
  };
  for (const { name, flush } of real) {
    prototype[name] = function (this: FileHandle) {
      const place = placeOf(new Error().stack ?? "");
      flushes.seen.add(place);
      return flushes.dropped?.test(place) === true ? Promise.resolve() : flush.call(this);
    };
  }
  return flushes;
}

/** `a.ts < b.ts`: the files below src/ on the stack, each once in a row. */
function placeOf(stack: string): string {
  const files = [...stack.matchAll(/\/src\/(\S+?\.ts):/g)].map(([, file = ""]) => file);
  return files.filter((file, index) => file !== files[index - 1]).join(" < ");
}
