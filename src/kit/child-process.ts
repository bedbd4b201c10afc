import type { Readable } from "node:stream";
import { startProgram, type StartOptions, type Started, type StartProgram } from "./start-program.ts";

/** How a child process ended, and what it wrote, without the last newline. */
export interface ChildEnd {
  /** Undefined when a signal ended it. */
  readonly exitCode: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** A child process that runs. */
export interface Child {
  /** Rejects when it could not be started, with the system's error, and when it wrote too much. */
  readonly end: Promise<ChildEnd>;
  /** Asks it to end, and kills it when it has not after two seconds. */
  stop(): void;
}

const PATIENCE_MS = 2000;

/** Ended with this process. */
const bound = new Set<Started>();
process.on("exit", () => {
  for (const child of bound) child.kill("SIGTERM");
});

export interface ChildOptions {
  readonly env: StartOptions["env"];
  /** What it reads. It may end without reading all of it. */
  readonly input?: string;
  /** More bytes of output than this stop it. */
  readonly mostOutput: number;
  /** Not ended with this process. */
  readonly outlivesUs?: boolean;
}

/** Starts a program. @throws NodeJS.ErrnoException, at once or in `end`, when it can't be started */
export function startChild(
  program: string,
  args: readonly string[],
  { env, input, mostOutput, outlivesUs = false }: ChildOptions,
  start: StartProgram = startProgram,
): Child {
  const child = start(program, args, { env, hasInput: input !== undefined, outlivesUs });
  let killing: NodeJS.Timeout | undefined;
  const stop = () => {
    if (killing !== undefined) return;
    child.kill("SIGTERM");
    killing = setTimeout(() => {
      child.kill("SIGKILL");
      // What it started may hold them open.
      child.stdout.destroy();
      child.stderr.destroy();
    }, PATIENCE_MS);
  };
  let room = mostOutput;
  const collect = (stream: Readable) => {
    const parts: Buffer[] = [];
    stream.on("data", (part: Buffer) => {
      room -= part.length;
      if (room < 0) stop();
      else parts.push(part);
    });
    return () =>
      Buffer.concat(parts)
        .toString("utf8")
        .replace(/\r?\n$/, "");
  };
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  if (!outlivesUs) bound.add(child);
  const end = child.ended
    .finally(() => {
      bound.delete(child);
      clearTimeout(killing);
    })
    .then((ended) => {
      if (room < 0) throw new RangeError(`it wrote more than ${mostOutput} bytes`);
      return { ...ended, stdout: stdout(), stderr: stderr() };
    });
  // A program may end without reading all of it.
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(input);
  return { end, stop };
}
