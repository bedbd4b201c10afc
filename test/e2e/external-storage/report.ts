import { leftOut, reasonOf } from "./left-out.ts";

/** How a test of the suite ended. */
export interface TestResult {
  readonly name: string;
  readonly state: "passed" | "failed" | "skipped" | "left out" | "not reached";
  /** Why it failed or skipped itself, in its own words; the first line. */
  readonly said?: string;
  /** Seconds that it took. */
  readonly seconds?: number;
}

/** A test in a report of ginkgo, as far as it is looked at; https://pkg.go.dev/github.com/onsi/ginkgo/v2/types#SpecReport. */
export interface SpecReport {
  readonly ContainerHierarchyTexts: readonly string[] | null;
  readonly LeafNodeType: string;
  readonly LeafNodeText: string;
  readonly State: string;
  /** Nanoseconds. */
  readonly RunTime: number;
  readonly Failure?: { readonly Message: string };
}

const SUITE = "External Storage ";
const NANOSECONDS = 1e9;

/** What became of each test of the suite in a report. Those that `chosen` does not match are not in it. */
export function resultsIn(reports: readonly SpecReport[], chosen: RegExp): TestResult[] {
  const results: TestResult[] = [];
  for (const report of reports) {
    const name = [...(report.ContainerHierarchyTexts ?? []), report.LeafNodeText].join(" ");
    if (report.LeafNodeType !== "It" || !name.includes(SUITE) || !chosen.test(name)) continue;
    results.push({ name: name.slice(name.indexOf(SUITE) + SUITE.length), ...endOf(name, report) });
  }
  return results.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function endOf(name: string, { State, Failure, RunTime }: SpecReport): Omit<TestResult, "name"> {
  const said = Failure?.Message.split("\n")
    .find((line) => line.trim() !== "")
    ?.trim();
  const seconds = Math.round(RunTime / NANOSECONDS);
  if (State === "passed") return { state: "passed", seconds };
  if (State === "skipped" && said !== undefined) return { state: "skipped", said };
  if (State === "skipped")
    return { state: reasonOf(name, leftOut) === undefined ? "not reached" : "left out" };
  // Somebody ended the whole run.
  if (State === "interrupted") return { state: "not reached" };
  return { state: "failed", said: said ?? State, seconds };
}

/** Results of an earlier run with those of a later one in their places, as far as that came. */
export function merge(earlier: readonly TestResult[], later: readonly TestResult[]): TestResult[] {
  const all = new Map(earlier.map((result) => [result.name, result]));
  for (const result of later) {
    if (result.state !== "not reached" || !all.has(result.name)) all.set(result.name, result);
  }
  return [...all.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
