import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import type { RunCounts } from "../mocha-reporter.ts";

/** Where a suite's programs print: as they go, or into a file that is shown at their end. */
export type Output = "inherit" | { readonly file: string };

/** Runs to its end, whatever it finds. */
export type Suite = (output: Output) => Promise<RunCounts>;

const project = join(import.meta.dirname, "../..");

/** One command that holds or does not. */
export function check(program: string, ...args: string[]): Suite {
  return async (output) => {
    const exitCode = await runProgram(output, program, args);
    return exitCode === 0
      ? { passed: 1, failed: 0, skipped: 0, failures: [] }
      : failure(`${program} ${args.join(" ")}: exit code ${exitCode}`);
  };
}

/** Mocha over some files. A run that ends without its counts has failed, whatever it printed. */
export function mocha(...args: string[]): Suite {
  return async (output) => {
    const directory = await mkdtemp(join(tmpdir(), "hyperv-csi-counts-"));
    const file = join(directory, "counts.json");
    try {
      const all = ["--reporter", "scripts/mocha-reporter.ts", ...args];
      const exitCode = await runProgram(output, "mocha", all, { SUITE_COUNTS: file });
      const text = await readFile(file, "utf8").catch(() => undefined);
      if (text === undefined) return failure(`mocha ended without its counts: exit code ${exitCode}`);
      const counts = JSON.parse(text) as RunCounts;
      if (counts.failed > 0 || exitCode === 0) return counts;
      return { ...counts, failed: 1, failures: [`mocha: exit code ${exitCode}`] };
    } finally {
      await rm(directory, { recursive: true });
    }
  };
}

/** What prints into a file waits for nobody: it takes what the suites before it leave of the processors. */
async function runProgram(
  output: Output,
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<number | "none"> {
  const options = { cwd: project, stdin: "ignore", reject: false, buffer: false, env } as const;
  const { exitCode } =
    output === "inherit"
      ? await execa(program, args, { ...options, stdout: "inherit", stderr: "inherit" })
      : await execa("nice", ["-n", "19", program, ...args], { ...options, stdout: output, stderr: output });
  return exitCode ?? "none";
}

function failure(what: string): RunCounts {
  return { passed: 0, failed: 1, skipped: 0, failures: [what] };
}
