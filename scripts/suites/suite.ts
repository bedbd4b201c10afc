import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { execa } from "execa";
import type { RunCounts } from "../mocha-reporter.ts";
import { counted, type ExitCode, failure } from "./counted.ts";
import { endMarked, markedBy } from "./marked-processes.ts";

/** Where a suite's programs print: as they go, or into a file that is shown at their end. */
export type Output = "inherit" | { readonly file: string };

/** How a suite is run. */
export interface Manner {
  readonly output: Output;
  /** 19 takes what all else leaves of the processors. */
  readonly niceness: number;
}

/** Runs to its end, whatever it finds. */
export type Suite = (manner: Manner) => Promise<RunCounts>;

const project = join(import.meta.dirname, "../..");

/** One command that holds or does not. */
export function check(program: string, ...args: string[]): Suite {
  return async (manner) => {
    const exitCode = await runProgram(manner, program, args);
    return exitCode === 0
      ? { passed: 1, failed: 0, skipped: 0, failures: [] }
      : failure(`${program} ${args.join(" ")}: exit code ${exitCode}`);
  };
}

/** Mocha over some files. Nothing that its tests started outlives it. */
export function mocha(...args: string[]): Suite {
  const all = ["--reporter", "scripts/mocha-reporter.ts", ...args];
  return async (manner) => {
    const mark = randomUUID();
    try {
      return await counted("mocha", (env) => runProgram(manner, "mocha", all, { ...env, ...markedBy(mark) }));
    } finally {
      await endMarked(mark);
    }
  };
}

async function runProgram(
  { output, niceness }: Manner,
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<ExitCode> {
  const { exitCode } = await execa("nice", ["-n", String(niceness), program, ...args], {
    cwd: project,
    stdin: "ignore",
    stdout: output,
    stderr: output,
    reject: false,
    buffer: false,
    env,
  });
  return exitCode ?? "none";
}
