import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import type { Readable } from "node:stream";

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
const bound = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of bound) child.kill();
});

/**
 * Starts a program. Node's own spawn: a start costs several milliseconds of processor time less than with a library
 * around it, and the node plugin starts three programs for a volume. More than `mostOutput` bytes of output stop it.
 */
export function startChild(
  program: string,
  args: readonly string[],
  { input, mostOutput, ...options }: SpawnOptions & { input?: string; mostOutput: number },
): Child {
  const stdio = [input === undefined ? "ignore" : "pipe", "pipe", "pipe"] as const;
  const child = spawn(program, args, { ...options, stdio: [...stdio] });
  let killing: NodeJS.Timeout | undefined;
  const stop = () => {
    if (killing !== undefined) return;
    child.kill("SIGTERM");
    killing = setTimeout(() => {
      child.kill("SIGKILL");
      // What it started may hold them open.
      child.stdout?.destroy();
      child.stderr?.destroy();
    }, PATIENCE_MS);
  };
  const end = new Promise<ChildEnd>((resolve, reject) => {
    let room = mostOutput;
    const collect = (stream: Readable | null) => {
      const parts: Buffer[] = [];
      stream?.on("data", (part: Buffer) => {
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
    if (options.detached !== true) bound.add(child);
    const over = () => {
      bound.delete(child);
      clearTimeout(killing);
    };
    child.once("error", (error) => {
      over();
      reject(error);
    });
    child.once("close", (code, signal) => {
      over();
      if (room < 0) {
        reject(new RangeError(`it wrote more than ${mostOutput} bytes`));
        return;
      }
      const said = { stdout: stdout(), stderr: stderr() };
      resolve({ exitCode: code ?? undefined, signal: signal ?? undefined, ...said });
    });
    // A program may end without reading all of it.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(input);
  });
  return { end, stop };
}
