import pLimit from "p-limit";
import { StatusError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { ReadAnswer } from "./answer.ts";
import { failureStatus, type FailureCodes } from "./failure.ts";
import type { Operations } from "./messages.ts";
import { WorkerLost, WorkerProcess } from "./process.ts";
import type { WorkerSettings } from "./settings.ts";

/** Told of each operation: how long it took, and the code that it ended with. */
export type WorkerObserver = (op: string, code: string, seconds: number) => void;

/** What tells a kind of worker from others. */
export interface WorkerKind<Ops extends Operations> {
  readonly readAnswer: ReadAnswer;
  readonly failures: FailureCodes;
  /** Throws for a worker that must not be used, by what it says of itself and its machine. */
  readonly accept: (hello: ResultOf<Ops, "hello">) => void;
}

type OpOf<Ops extends Operations> = keyof Ops & string;
type ArgsOf<Ops extends Operations, Op extends OpOf<Ops>> = Ops[Op]["args"];
type ResultOf<Ops extends Operations, Op extends string> = Ops[Op]["result"];

/**
 * Keeps workers and hands out what they are asked. One that hangs, dies or writes garbage is replaced. Only what reads
 * is asked again by itself: what a change did before its worker was lost, its caller must look at.
 */
export class WorkerPool<Ops extends Operations> {
  readonly #kind: WorkerKind<Ops>;
  readonly #settings: WorkerSettings;
  readonly #log: Log;
  readonly #observe: WorkerObserver;
  readonly #limit: ReturnType<typeof pLimit>;
  readonly #idle: WorkerProcess[] = [];
  readonly #running = new Set<Promise<unknown>>();
  readonly #probe: NodeJS.Timeout;
  #isProbing = false;
  #closed = false;

  constructor(kind: WorkerKind<Ops>, settings: WorkerSettings, log: Log, observe: WorkerObserver) {
    this.#kind = kind;
    this.#settings = settings;
    this.#log = log;
    this.#observe = observe;
    this.#limit = pLimit(settings.size);
    this.#probe = setInterval(() => void this.#probeIdle(), settings.probeMs).unref();
  }

  /**
   * Reads, and once more in a fresh worker when the first is lost or fails.
   * @throws StatusError UNAVAILABLE when both are lost
   */
  async read<Op extends OpOf<Ops>>(op: Op, args: ArgsOf<Ops, Op>, fresh = false): Promise<ResultOf<Ops, Op>> {
    try {
      return await this.#run(op, args, fresh);
    } catch (first) {
      this.#log.warn({ op, err: first }, "a worker failed to read; another one is asked");
      try {
        return await this.#run(op, args, true);
      } catch (second) {
        if (!(second instanceof WorkerLost)) throw second;
        throw new StatusError(
          "UNAVAILABLE",
          `${this.#kind.failures.who} can't be asked: ${second.message}`,
          second,
        );
      }
    }
  }

  /** Changes something, once. @throws WorkerLost when nobody knows whether it was done; StatusError when it failed */
  async change<Op extends OpOf<Ops>>(
    op: Op,
    args: ArgsOf<Ops, Op>,
    fresh = false,
  ): Promise<ResultOf<Ops, Op>> {
    return await this.#run(op, args, fresh);
  }

  /** Ends when all that was asked is answered. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#probe);
    await Promise.allSettled(this.#running);
    for (const worker of this.#idle.splice(0)) worker.retire();
  }

  async #run<Op extends OpOf<Ops>>(
    op: Op,
    args: ArgsOf<Ops, Op>,
    fresh: boolean,
  ): Promise<ResultOf<Ops, Op>> {
    if (this.#closed) throw new StatusError("UNAVAILABLE", "this program stops");
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

  async #ask<Op extends OpOf<Ops>>(
    worker: WorkerProcess,
    op: Op,
    args: ArgsOf<Ops, Op>,
  ): Promise<ResultOf<Ops, Op>> {
    const said = await worker.call(op, args, this.#settings.deadlineMs(op));
    if (said.error !== undefined) throw failureStatus(this.#kind.failures, op, said.error);
    // Its shape was checked when the answer was read.
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
    const worker = new WorkerProcess(this.#settings.command, this.#kind.readAnswer, this.#log);
    try {
      this.#kind.accept(await this.#ask(worker, "hello", {}));
      return worker;
    } catch (error) {
      worker.retire();
      if (!(error instanceof WorkerLost)) throw error;
      throw new StatusError(
        "UNAVAILABLE",
        `no worker of ${this.#kind.failures.who} can be started: ${error.message}`,
        error,
      );
    }
  }

  #giveBack(worker: WorkerProcess): void {
    const { mostCalls, mostAgeMs } = this.#settings;
    if (worker.isLost) return;
    if (this.#closed || worker.calls >= mostCalls || worker.ageMs >= mostAgeMs) worker.retire();
    else this.#idle.push(worker);
  }

  /**
   * Finds idle workers that answer no more before somebody waits for them. They are asked one by one, each in the place of
   * a call: the others stay to be had, and no call that finds none starts one above the size.
   */
  async #probeIdle(): Promise<void> {
    if (this.#isProbing) return;
    this.#isProbing = true;
    for (let left = this.#idle.length; left > 0; left--) await this.#limit(() => this.#probeOldest());
    this.#isProbing = false;
  }

  async #probeOldest(): Promise<void> {
    const worker = this.#idle.shift();
    if (worker === undefined || worker.isLost) return;
    try {
      this.#kind.accept(await this.#ask(worker, "hello", {}));
    } catch (error) {
      this.#log.warn({ err: error }, "an idle worker can't be used any more and is replaced");
      worker.retire();
    }
    this.#giveBack(worker);
  }
}
