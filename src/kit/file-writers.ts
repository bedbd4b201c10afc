import { Worker } from "node:worker_threads";
import { StatusError } from "./errors.ts";

interface Piece {
  readonly offset: bigint;
  readonly bytes: Uint8Array;
}

/** A file to be made: it must not be there yet, and its content is durable when the job is done. */
export interface NewFile {
  readonly path: string;
  /** Bytes; what no piece covers reads as zeros. 0 leaves it to the pieces. */
  readonly size: bigint;
  readonly pieces: Iterable<Piece>;
}

/** Makes files, then gives them their names. The directory is the caller's to flush. */
export interface WriteJob {
  readonly files: readonly NewFile[];
  readonly renames: readonly (readonly [from: string, to: string])[];
}

interface Waiting {
  readonly job: WriteJob;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** A job as it goes to a thread: all bytes in one buffer, which moves there instead of being copied. */
interface PackedJob {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly files: readonly {
    readonly path: string;
    readonly size: number;
    /** File offset and length of what comes next in `bytes`, in turn. */
    readonly pieces: readonly number[];
  }[];
  readonly renames: WriteJob["renames"];
}

interface Failure {
  readonly code: string | undefined;
  readonly message: string;
}

/** How many jobs run at once: as many flushes as a journal can put into one commit. */
const MOST_WORKERS = 8;
/** How long a worker without work stays, in milliseconds. */
const IDLE_MS = 10_000;

/**
 * Threads that write files. A new disk takes a dozen system calls; each would be a hop to libuv's pool and back,
 * while a thread of our own does them in one. A file system that hangs holds only these threads.
 */
export class FileWriters {
  readonly #idle: { readonly worker: Worker; readonly end: NodeJS.Timeout }[] = [];
  readonly #busy = new Map<Worker, Waiting>();
  readonly #queue: Waiting[] = [];

  /** Resolves when all files are durable and have their names. A failed job can leave some of its files. */
  write(job: WriteJob): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting = { job, resolve, reject };
      const idle = this.#idle.pop();
      if (idle !== undefined) {
        clearTimeout(idle.end);
        idle.worker.ref();
        this.#give(idle.worker, waiting);
      } else if (this.#busy.size < MOST_WORKERS) {
        this.#give(this.#start(), waiting);
      } else {
        this.#queue.push(waiting);
      }
    });
  }

  /** Ends the threads that have no work. */
  async close(): Promise<void> {
    await Promise.all(
      this.#idle.splice(0).map(async ({ worker, end }) => {
        clearTimeout(end);
        await worker.terminate();
      }),
    );
  }

  #start(): Worker {
    // Source text, so that it also starts from a bundle in one file; it sees nothing of this module.
    const worker = new Worker(`(${writeFiles.toString()})()`, {
      eval: true,
      resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 32 },
    });
    worker.on("message", (failure: Failure | null) => {
      this.#done(worker, failure);
    });
    worker.on("error", (error: Error) => {
      this.#busy
        .get(worker)
        ?.reject(new StatusError("INTERNAL", `a file writer failed: ${error.message}`, error));
      this.#busy.delete(worker);
      const next = this.#queue.shift();
      if (next !== undefined) this.#give(this.#start(), next);
    });
    return worker;
  }

  #give(worker: Worker, waiting: Waiting): void {
    this.#busy.set(worker, waiting);
    const packed = pack(waiting.job);
    worker.postMessage(packed, [packed.bytes.buffer]);
  }

  #done(worker: Worker, failure: Failure | null): void {
    const waiting = this.#busy.get(worker);
    this.#busy.delete(worker);
    const next = this.#queue.shift();
    if (next === undefined) this.#rest(worker);
    else this.#give(worker, next);
    if (failure === null) waiting?.resolve();
    else waiting?.reject(Object.assign(new Error(failure.message), { code: failure.code }));
  }

  #rest(worker: Worker): void {
    worker.unref();
    const end = setTimeout(() => {
      const index = this.#idle.findIndex((idle) => idle.worker === worker);
      if (index !== -1) this.#idle.splice(index, 1);
      void worker.terminate();
    }, IDLE_MS);
    end.unref();
    this.#idle.push({ worker, end });
  }
}

function pack(job: WriteJob): PackedJob {
  const files = job.files.map(({ path, size, pieces }) => ({
    path,
    size: Number(size),
    pieces: [...pieces],
  }));
  const pieces = files.flatMap((file) => file.pieces);
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.bytes.length, 0));
  let end = 0;
  for (const piece of pieces) {
    bytes.set(piece.bytes, end);
    end += piece.bytes.length;
  }
  const places = (of: readonly Piece[]) =>
    of.flatMap(({ offset, bytes: { length } }) => [Number(offset), length]);
  return {
    bytes,
    files: files.map((file) => ({ ...file, pieces: places(file.pieces) })),
    renames: job.renames,
  };
}

/** The thread's whole program. All files are written before the first is flushed, so that a journal takes them together. */
function writeFiles(): void {
  const fs = process.getBuiltinModule("node:fs");
  const { parentPort } = process.getBuiltinModule("node:worker_threads");

  function run({ bytes, files, renames }: PackedJob): void {
    const open: number[] = [];
    let next = 0;
    try {
      for (const { path, size, pieces } of files) {
        const file = fs.openSync(path, "wx", 0o600);
        open.push(file);
        if (size > 0) fs.ftruncateSync(file, size);
        for (let index = 0; index < pieces.length; index += 2) {
          const end = next + (pieces[index + 1] ?? 0);
          for (let offset = pieces[index] ?? 0; next < end;) {
            const written = fs.writeSync(file, bytes, next, end - next, offset);
            next += written;
            offset += written;
          }
        }
      }
      for (const file of open) fs.fdatasyncSync(file);
    } finally {
      for (const file of open) fs.closeSync(file);
    }
    for (const [from, to] of renames) fs.renameSync(from, to);
  }

  parentPort?.on("message", (job: PackedJob) => {
    try {
      run(job);
      parentPort.postMessage(null);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      parentPort.postMessage({ code, message });
    }
  });
}
