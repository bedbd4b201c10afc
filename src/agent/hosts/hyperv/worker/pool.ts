import pLimit from "p-limit";
import { StatusError } from "../../../../kit/errors.ts";
import type { Log } from "../../../../kit/log.ts";
import type { Args, Hello, Operation, Result } from "../protocol.ts";
import { statusOf } from "./failures.ts";
import { WorkerLost, WorkerProcess } from "./process.ts";
import type { WorkerSettings } from "./settings.ts";

/** Told of each operation: how long it took, and the code that it ended with. */
export type WorkerObserver = (op: Operation, code: string, seconds: number) => void;

/**
 * Keeps workers and hands out what they are asked. One that hangs, dies or writes garbage is replaced. Only what reads
 * is asked again by itself: what a change did before its worker was lost, its caller must look at.
 */
export class WorkerPool {
  readonly #settings: WorkerSettings;
  readonly #log: Log;
  readonly #observe: WorkerObserver;
  readonly #accept: (hello: Hello) => void;
  readonly #limit: ReturnType<typeof pLimit>;
  readonly #idle: WorkerProcess[] = [];
  readonly #running = new Set<Promise<unknown>>();
  readonly #probe: NodeJS.Timeout;
  #closed = false;

  /** @param accept throws for a worker that must not be used, by what it says of itself and its machine */
  constructor(settings: WorkerSettings, log: Log, observe: WorkerObserver, accept: (hello: Hello) => void) {
    this.#settings = settings;
    this.#log = log;
    this.#observe = observe;
    this.#accept = accept;
    this.#limit = pLimit(settings.size);
    this.#probe = setInterval(() => void this.#probeIdle(), settings.probeMs).unref();
  }

  /**
   * Reads, and once more in a fresh worker when the first is lost or fails.
   * @throws StatusError UNAVAILABLE when both are lost
   */
  async read<Op extends Operation>(op: Op, args: Args[Op], fresh = false): Promise<Result<Op>> {
    try {
      return await this.#run(op, args, fresh);
    } catch (first) {
      this.#log.warn({ op, err: first }, "a Hyper-V worker failed to read; another one is asked");
      try {
        return await this.#run(op, args, true);
      } catch (second) {
        if (!(second instanceof WorkerLost)) throw second;
        throw new StatusError("UNAVAILABLE", `Hyper-V can't be asked: ${second.message}`, second);
      }
    }
  }

  /** Changes something, once. @throws WorkerLost when nobody knows whether it was done; StatusError when it failed */
  async change<Op extends Operation>(op: Op, args: Args[Op], fresh = false): Promise<Result<Op>> {
    return await this.#run(op, args, fresh);
  }

  /** Ends when all that was asked is answered. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#probe);
    await Promise.allSettled(this.#running);
    for (const worker of this.#idle.splice(0)) worker.retire();
  }

  async #run<Op extends Operation>(op: Op, args: Args[Op], fresh: boolean): Promise<Result<Op>> {
    if (this.#closed) throw new StatusError("UNAVAILABLE", "the agent stops");
    const running = this.#limit(async () => {
      const started = performance.now();
      let code = "OK";
      try {
        const worker = await this.#take(fresh);
        try {
          return await this.#ask(worker, op, args);
        } finally {
          this.#giveBack(worker);
        }
      } catch (error) {
        code = error instanceof StatusError ? error.code : "LOST";
        throw error;
      } finally {
        this.#observe(op, code, (performance.now() - started) / 1000);
      }
    });
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  async #ask<Op extends Operation>(worker: WorkerProcess, op: Op, args: Args[Op]): Promise<Result<Op>> {
    const said = await worker.call(op, args, this.#settings.deadlineMs(op));
    if (said.error !== undefined) throw statusOf(op, said.error);
    return said.result;
  }

  async #take(fresh: boolean): Promise<WorkerProcess> {
    while (this.#idle.length > 0) {
      const worker = this.#idle.pop();
      if (worker === undefined || worker.isLost) continue;
      if (!fresh) return worker;
      worker.retire();
      break;
    }
    return await this.#start();
  }

  /** A worker that was lost before it was asked for anything has changed nothing. */
  async #start(): Promise<WorkerProcess> {
    const worker = new WorkerProcess(this.#settings.command, this.#log);
    try {
      this.#accept(await this.#ask(worker, "hello", {}));
      return worker;
    } catch (error) {
      worker.retire();
      if (!(error instanceof WorkerLost)) throw error;
      throw new StatusError("UNAVAILABLE", `no Hyper-V worker can be started: ${error.message}`, error);
    }
  }

  #giveBack(worker: WorkerProcess): void {
    const { mostCalls, mostAgeMs } = this.#settings;
    if (worker.isLost) return;
    if (this.#closed || worker.calls >= mostCalls || worker.ageMs >= mostAgeMs) worker.retire();
    else this.#idle.push(worker);
  }

  /** Finds idle workers that answer no more before somebody waits for them. */
  async #probeIdle(): Promise<void> {
    for (const worker of this.#idle.splice(0)) {
      if (worker.isLost) continue;
      try {
        this.#accept(await this.#ask(worker, "hello", {}));
      } catch (error) {
        this.#log.warn({ err: error }, "an idle Hyper-V worker can't be used any more and is replaced");
        worker.retire();
      }
      this.#giveBack(worker);
    }
  }
}
