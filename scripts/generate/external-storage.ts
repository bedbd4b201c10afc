import { markdownTable } from "./markdown.ts";
import { failing, leftOut, reasonOf, skippedThemselves } from "../../test/e2e/external-storage/left-out.ts";
import type { TestResult } from "../../test/e2e/external-storage/report.ts";
import { readResults } from "../../test/e2e/external-storage/results-file.ts";

/** docs/reference/external-storage.md: what became of Kubernetes' own storage tests. */
export async function externalStoragePage(): Promise<string> {
  const { date, kubernetes, tests } = await readResults();
  const of = (state: TestResult["state"]) => tests.filter((test) => test.state === state);
  const [passed, failed] = [of("passed"), of("failed")];
  const [notRun, notReached] = [[...of("skipped"), ...of("left out")], of("not reached")];
  return `# Kubernetes' own storage tests

<!-- Made from test/e2e/external-storage/results.json by \`npm run generate\`: do not edit. -->

\`npm run test:external-storage\` runs the External Storage suite of Kubernetes against the driver, installed from its chart in a
cluster of two nodes on the local host. [\`testdriver.yaml\`](../../test/e2e/external-storage/testdriver.yaml) tells the suite what
the driver does. Last run: ${date}, Kubernetes ${kubernetes}.

${markdownTable(["passed", "failed", "not run, with a reason", "not reached", "tests"], [[passed, failed, notRun, notReached, tests].map(({ length }) => String(length))])}
## Failed

${
  failed.length === 0
    ? "None."
    : markdownTable(
        ["test", "what it said", "why"],
        failed.map(({ name, said = "" }) => [name, said, reasonOf(name, failing) ?? "not known yet"]),
      )
}

## Not run

${markdownTable(["reason", "tests", "suites"], byReason(notRun))}

## Passed

${markdownTable(["suite and kind of volume", "tests", "seconds"], passedByGroup(passed))}
`;
}

function byReason(tests: readonly TestResult[]): string[][] {
  const groups = new Map<string, TestResult[]>();
  for (const test of tests) {
    const why = whyNotRun(test) ?? `nobody has given one: ${test.said ?? test.name}`;
    groups.set(why, [...(groups.get(why) ?? []), test]);
  }
  return [...groups]
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([why, all]) => {
      const suites = new Set(all.map(({ name }) => groupOf(name).suite));
      return [why, String(all.length), [...suites].sort().join(", ")];
    });
}

/** Why a test did not run; undefined when nobody has said it. */
export function whyNotRun({ name, state, said = "" }: TestResult): string | undefined {
  return state === "left out" ? reasonOf(name, leftOut) : reasonOf(said, skippedThemselves);
}

function passedByGroup(passed: readonly TestResult[]): string[][] {
  const groups = new Map<string, { tests: number; seconds: number }>();
  for (const { name, seconds = 0 } of passed) {
    const { volume, suite } = groupOf(name);
    const key = `${suite}, ${volume}`;
    const { tests, seconds: before } = groups.get(key) ?? { tests: 0, seconds: 0 };
    groups.set(key, { tests: tests + 1, seconds: before + seconds });
  }
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, { tests, seconds }]) => [key, String(tests), String(seconds)]);
}

/** The suite of a test and what it is run on: `[Driver: …] [Testpattern: Dynamic PV (ext4)] volumes should …`. */
function groupOf(name: string): { readonly volume: string; readonly suite: string } {
  const [, volume = "", suite = ""] = /\[Testpattern: ([^\]]*)\]\s*(?:\[[^\]]*\]\s*)*(\S+)/.exec(name) ?? [];
  return { volume, suite };
}
