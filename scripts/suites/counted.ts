import { writeFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunCounts } from "../mocha-reporter.ts";

/** What became of a process: its exit code; "none" after a signal, or when it could not be started. */
export type ExitCode = number | "none";

/**
 * What a run came to that writes its RunCounts, as JSON, into the file that SUITE_COUNTS names. One that ends without
 * them has failed, whatever it printed.
 */
export async function counted(
  what: string,
  run: (env: Readonly<Record<string, string>>) => Promise<ExitCode>,
): Promise<RunCounts> {
  const directory = await mkdtemp(join(tmpdir(), "hyperv-csi-counts-"));
  const file = join(directory, "counts.json");
  try {
    const exitCode = await run({ SUITE_COUNTS: file });
    const counts = await readCounts(file);
    if (counts === undefined) return failure(`${what} ended without its counts: exit code ${exitCode}`);
    if (counts.failed > 0 || exitCode === 0) return counts;
    return { ...counts, failed: 1, failures: [`${what}: exit code ${exitCode}`] };
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** Undefined when there are none, or not all of them. */
async function readCounts(file: string): Promise<RunCounts | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as RunCounts;
  } catch {
    return undefined;
  }
}

/** The other side: tells whoever started this process by `counted`, if anybody did. */
export function writeCounts(counts: RunCounts): void {
  const file = process.env["SUITE_COUNTS"];
  if (file !== undefined) writeFileSync(file, JSON.stringify(counts));
}

export function failure(what: string): RunCounts {
  return { passed: 0, failed: 1, skipped: 0, failures: [what] };
}
