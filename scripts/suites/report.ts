import type { RunCounts } from "../mocha-reporter.ts";
import { writeCounts } from "./counted.ts";

/** Says what failed, again at the end, where a record of a long run still has it; the last line is the sum. */
export function report(total: RunCounts): void {
  for (const title of total.failures) process.stdout.write(`\nfailed: ${title}`);
  process.stdout.write(`\n${summary(total)}\n`);
  writeCounts(total);
  if (total.failed > 0) process.exitCode = 1;
}

export function summary({ passed, failed, skipped }: RunCounts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** What several runs came to, each with the name that its failures are told under. */
export function sum(runs: readonly (readonly [string, RunCounts])[]): RunCounts {
  const total: RunCounts = { passed: 0, failed: 0, skipped: 0, failures: [] };
  for (const [name, counts] of runs) {
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
    total.failures.push(...counts.failures.map((title) => `${name}: ${title}`));
  }
  return total;
}
