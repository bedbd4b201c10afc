import { type ChildProcess, spawn } from "node:child_process";
import type { Log } from "../log.ts";
import { Garbage, LONGEST_LINE, type ReadAnswer, type Said } from "./answer.ts";

/** The program that is a worker. */
export interface WorkerCommand {
  readonly program: string;
  readonly args: readonly string[];
}

/** A worker is gone, and nobody knows how far it came with what it was asked: only looking at the state tells. */
export class WorkerLost extends Error {
  override readonly name = "WorkerLost";
}

interface Waiting {
  readonly hear: (line: string) => void;
  readonly fail: (error: Error) => void;
}

/** Longest that a worker may take to end after its input did, before it is killed. */
const LAST_WORDS_MS = 5000;

/** One worker: a process that answers one request at a time. Once it is lost it stays lost. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #readAnswer: ReadAnswer;
  readonly #startedAt = performance.now();
  #calls = 0;
  #waiting: Waiting | undefined;
  #unread = "";
  #lost: WorkerLost | undefined;

  constructor({ program, args }: WorkerCommand, readAnswer: ReadAnswer, log: Log) {
    this.#readAnswer = readAnswer;
    this.#child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], windowsHide: true });
    const { stdin, stdout, stderr } = this.#child;
    stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#hear(text);
    });
    stderr?.setEncoding("utf8").on("data", (text: string) => {
      log.warn({ worker: this.#child.pid, text: text.slice(0, 2000) }, "a worker complains");
    });
    // A worker that dies breaks its pipe; that it died is told below.
    stdin?.on("error", () => undefined);
    this.#child.once("error", (error) => {
      this.#lose(`it can't be started: ${error.message}`);
    });
    this.#child.once("exit", (code, signal) => {
      this.#lose(`it ended with ${signal ?? `exit code ${code ?? "unknown"}`}`);
    });
  }

  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  get calls(): number {
    return this.#calls;
  }

  get ageMs(): number {
    return performance.now() - this.#startedAt;
  }

  /** Asks for one thing and waits for it. @throws WorkerLost when there is no answer to it, for whatever reason */
  async call(op: string, args: object, deadlineMs: number): Promise<Said<unknown>> {
    if (this.#lost !== undefined) throw this.#lost;
    if (this.#waiting !== undefined) throw new Error(`a worker is asked to ${op} while it is at work`);
    const id = ++this.#calls;
    const answered = Promise.withResolvers<string>();
    this.#waiting = { hear: answered.resolve, fail: answered.reject };
    const timer = setTimeout(() => {
      this.#lose(`it did not answer ${op} within ${deadlineMs} ms`);
    }, deadlineMs);
    this.#child.stdin?.write(`${JSON.stringify({ id, op, args })}\n`);
    try {
      return this.#readAnswer(await answered.promise, id, op);
    } catch (error) {
      throw error instanceof Garbage ? this.#lose(error.message) : error;
    } finally {
      clearTimeout(timer);
      this.#waiting = undefined;
    }
  }

  /** Lets it end by itself; it is idle. */
  retire(): void {
    this.#lost ??= new WorkerLost("the worker was retired");
    this.#child.stdin?.end();
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), LAST_WORDS_MS).unref();
    this.#child.once("exit", () => {
      clearTimeout(timer);
    });
  }

  #hear(text: string): void {
    this.#unread += text;
    if (this.#unread.length > LONGEST_LINE) {
      this.#lose("its answer has no end");
      return;
    }
    const end = text.includes("\n") ? this.#unread.indexOf("\n") : -1;
    if (end < 0) return;
    const line = this.#unread.slice(0, end);
    this.#unread = this.#unread.slice(end + 1);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined || this.#unread !== "") this.#lose("it wrote what it was not asked for");
    else waiting.hear(line);
  }

  #lose(why: string): WorkerLost {
    const lost = (this.#lost ??= new WorkerLost(`a worker was lost: ${why}`));
    this.#unread = "";
    this.#child.kill("SIGKILL");
    this.#waiting?.fail(lost);
    this.#waiting = undefined;
    return lost;
  }
}
