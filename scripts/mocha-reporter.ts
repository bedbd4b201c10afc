import { writeFileSync } from "node:fs";
import Mocha from "mocha";

/** Mocha's own report for people, and the counts as JSON in the file that SUITE_COUNTS names. */
export default function reporter(runner: Mocha.Runner, options: Mocha.MochaOptions): void {
  new Mocha.reporters.Spec(runner, options);
  runner.once("end", () => {
    const { passes = 0, failures = 0, pending = 0 } = runner.stats ?? {};
    const file = process.env["SUITE_COUNTS"];
    if (file !== undefined) {
      writeFileSync(file, JSON.stringify({ passed: passes, failed: failures, skipped: pending }));
    }
  });
}
