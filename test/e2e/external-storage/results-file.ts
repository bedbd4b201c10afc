import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestResult } from "./report.ts";

/** What became of the suite when it ran last. */
export interface SuiteResults {
  /** Day of the run, `2026-01-31`. */
  readonly date: string;
  /** Version of Kubernetes, of the cluster as of the tests. */
  readonly kubernetes: string;
  readonly tests: readonly TestResult[];
}

const file = join(import.meta.dirname, "results.json");

export async function readResults(): Promise<SuiteResults> {
  return JSON.parse(await readFile(file, "utf8")) as SuiteResults;
}

/** Keeps results, a test a line, so that a change of one is a change of one line. */
export async function keepResults({ date, kubernetes, tests }: SuiteResults): Promise<void> {
  const lines = tests.map((test) => JSON.stringify(test)).join(",\n");
  const head = `"date": ${JSON.stringify(date)}, "kubernetes": ${JSON.stringify(kubernetes)}`;
  await writeFile(file, `{ ${head}, "tests": [\n${lines}\n] }\n`);
}
