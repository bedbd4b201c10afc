import { writeFile } from "node:fs/promises";
import Mocha from "mocha";
import type { Results } from "../results.ts";

/** Runs files of tests in this process, one after the other, and writes what came of them into a file. */
export async function runTests(
  files: Readonly<Record<string, () => Promise<unknown>>>,
  resultsFile: string,
): Promise<void> {
  const mocha = new Mocha({ timeout: 300_000, reporter: "spec", color: false, forbidOnly: true });
  const { suite: root } = mocha;
  root.emit("pre-require", globalThis, "", mocha);
  const results: Results = Object.fromEntries(
    Object.keys(files).map((name) => [name, { passed: 0, skipped: 0, failures: [] }]),
  );
  const fileOf = new Map<Mocha.Suite, string>();
  for (const [name, load] of Object.entries(files)) {
    const seen = root.suites.length;
    try {
      await load();
    } catch (error) {
      results[name]?.failures.push(`can't be loaded: ${String(error)}`);
    }
    for (const suite of root.suites.slice(seen)) fileOf.set(suite, name);
  }
  const resultOf = (runnable: Mocha.Runnable) => {
    let suite = runnable.parent;
    while (suite?.parent !== undefined && suite.parent !== root) suite = suite.parent;
    const result = results[(suite && fileOf.get(suite)) ?? ""];
    if (result === undefined) throw new Error(`nobody knows whose test ${runnable.fullTitle()} is`);
    return result;
  };
  const runner = mocha.run((failures) => {
    void writeFile(resultsFile, JSON.stringify(results)).then(() => {
      process.exit(failures === 0 ? 0 : 1);
    });
  });
  runner.on("pass", (test) => resultOf(test).passed++);
  runner.on("pending", (test) => resultOf(test).skipped++);
  runner.on("fail", (test, error: Error) => {
    resultOf(test).failures.push(`${test.fullTitle()}: ${error.stack ?? error.message}`);
  });
}
