import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";

const running = new Set<ChildProcess>();

/** A process that a test started; it ends with the test at the latest. */
export interface OwnProcess {
  readonly pid: number;
  /** What it has written to both outputs until now. */
  output(): string;
  /** Resolves once the output matches. @throws Error with the output when the process ends before. */
  says(pattern: RegExp): Promise<void>;
  /** Sends a signal and waits for the end. */
  kill(signal: NodeJS.Signals): Promise<number | null>;
  /** Waits for the end; the exit code, null after a signal. */
  ended(): Promise<number | null>;
}

export function startProcess(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): OwnProcess {
  return own(spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } }));
}

/** The same with an input that stays open until it is ended. */
export function startProcessWithInput(
  program: string,
  args: readonly string[],
): OwnProcess & { endInput(text?: string): void } {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
  // A process that has ended by itself breaks the pipe.
  child.stdin.on("error", () => undefined);
  return { ...own(child), endInput: (text = "") => child.stdin.end(text) };
}

function own(child: ChildProcess & { readonly stdout: Readable; readonly stderr: Readable }): OwnProcess {
  running.add(child);
  let output = "";
  let wake: () => void = () => undefined;
  const hear = (chunk: Buffer) => {
    output += chunk.toString();
    wake();
  };
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  const end = once(child, "close").then(([code]) => {
    running.delete(child);
    wake();
    return code as number | null;
  });
  return {
    pid: child.pid ?? 0,
    output: () => output,
    says: async (pattern) => {
      while (!pattern.test(output)) {
        if (!running.has(child))
          throw new Error(`the process ended before it said ${pattern.source}: ${output}`);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    kill: (signal) => {
      child.kill(signal);
      return end;
    },
    ended: () => end,
  };
}

/** Ends what is still running of the processes that tests started. */
export async function endOwnProcesses(): Promise<void> {
  await Promise.all(
    [...running].map(async (child) => {
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "close");
    }),
  );
}
