import Mocha from "mocha";
import { writeCounts } from "./suites/counted.ts";
import { mustEnd } from "./suites/must-end.ts";

/** What a run came to. `failures` are the titles of what failed, each with why, which may take several lines. */
export interface RunCounts {
  passed: number;
  failed: number;
  skipped: number;
  failures: string[];
}

/** Of why something failed, so that one long message doesn't push the others out of a record that is cut. */
const MOST_LINES = 12;
const LONGEST_LINE = 600;

/** Mocha's own report for people, and a RunCounts for whoever started the run. */
export default function reporter(runner: Mocha.Runner, options: Mocha.MochaOptions): void {
  new Mocha.reporters.Spec(runner, options);
  const failed: string[] = [];
  runner.on("fail", (test, error: unknown) => {
    const lines = String(error).split("\n", MOST_LINES);
    failed.push(`${test.fullTitle()}: ${lines.map((line) => line.slice(0, LONGEST_LINE)).join("\n  ")}`);
  });
  runner.once("end", () => {
    const { passes = 0, failures = 0, pending = 0 } = runner.stats ?? {};
    const counts = { passed: passes, failed: failures, skipped: pending, failures: failed };
    writeCounts(counts);
    mustEnd((why) => {
      writeCounts({ ...counts, failed: failures + 1, failures: [...failed, why] });
    });
  });
}
