import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { execa } from "execa";
import type { ExitCode } from "../suites/counted.ts";
import { endMarked, markedBy } from "../suites/marked-processes.ts";

const project = join(import.meta.dirname, "../..");

export interface Step {
  readonly command: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
  /** When it has to end, finished or not. */
  readonly end: AbortSignal;
  /** How long it may take to put things back then. */
  readonly graceMs: number;
}

/**
 * Runs a command of CI, which prints as it goes. When it has to end it gets SIGTERM, and SIGKILL when that is not
 * enough. Nothing that it started outlives it.
 */
export async function runStep({ command, env, end, graceMs }: Step): Promise<ExitCode> {
  // It would be started, and get its signal some time after.
  if (end.aborted) return "none";
  const mark = randomUUID();
  const [program, ...args] = command;
  try {
    const { exitCode } = await execa(program, args, {
      cwd: project,
      env: { ...env, ...markedBy(mark) },
      stdin: "ignore",
      stdout: "inherit",
      stderr: "inherit",
      reject: false,
      cancelSignal: end,
      forceKillAfterDelay: graceMs,
    });
    return exitCode ?? "none";
  } finally {
    await endMarked(mark);
  }
}
