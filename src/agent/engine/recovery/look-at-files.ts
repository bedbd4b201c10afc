import { stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { Worker } from "node:worker_threads";
import { type Stamp, stampOf } from "../index/stamp.ts";
import { inParallel } from "./in-parallel.ts";

/** From so many files on a thread of its own is faster, which takes some 30 ms to start. */
const MANY = 1000;
/** Numbers that the thread tells of each file: inode, change time in ns, bytes and blocks. */
const FIELDS = 4;

interface Job {
  /** Ends with a separator. */
  readonly directory: string;
  readonly names: readonly string[];
  readonly fields: typeof FIELDS;
}

/** What the file system tells of a file, by its place in the list; undefined for what is no plain file, or is gone. */
export type Looks = (index: number) => Stamp | undefined;

/** Looks at files of a directory. */
export async function lookAtFiles(directory: string, names: readonly string[]): Promise<Looks> {
  if (names.length < MANY) {
    const stamps = await inParallel(names, async (name) => {
      const stats = await stat(join(directory, name), { bigint: true }).catch(() => undefined);
      return stats?.isFile() === true ? stampOf(stats) : undefined;
    });
    return (index) => stamps[index];
  }
  const told = await tellInThread({ directory: directory + sep, names, fields: FIELDS });
  return (index) => {
    const [ino = 0n, ctimeNs = 0n, size = 0n, blocks = 0n] = told.subarray(
      index * FIELDS,
      (index + 1) * FIELDS,
    );
    return ino === 0n ? undefined : stampOf({ ino, ctimeNs, size, blocks });
  };
}

/**
 * Runs {@link tell} in a thread. A call that waits for its answer takes a few microseconds where one that gives the
 * thread free takes twenty; here only this thread waits, however long a file system needs.
 */
async function tellInThread(job: Job): Promise<BigInt64Array> {
  const thread = new Worker(`(${tell.toString()})()`, { eval: true, workerData: job });
  const told = Promise.withResolvers<BigInt64Array>();
  thread.once("message", told.resolve);
  thread.once("error", told.reject);
  thread.once("exit", (code) => {
    told.reject(new Error(`the thread that looks at files ended with ${code}`));
  });
  return await told.promise;
}

/** Stands alone: only its text reaches the thread. */
function tell(): void {
  const { statSync } = process.getBuiltinModule("node:fs");
  const threads = process.getBuiltinModule("node:worker_threads");
  const { directory, names, fields } = threads.workerData as Job;
  const told = new BigInt64Array(names.length * fields);
  for (const [index, name] of names.entries()) {
    try {
      const stats = statSync(directory + name, { bigint: true });
      if (stats.isFile()) told.set([stats.ino, stats.ctimeNs, stats.size, stats.blocks], index * fields);
    } catch {
      // Left out: whoever reads it is told why it can't be.
    }
  }
  threads.parentPort?.postMessage(told, [told.buffer]);
}
