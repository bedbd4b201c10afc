import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunCounts } from "./mocha-reporter.ts";
import { check, mocha, type Output, type Suite } from "./suites/suite.ts";

/** Thousands of generated cases each, in a process of their own: a heap full of other tests slows them threefold. */
const campaigns = ["crash", "fuzz", "model"].map((name) => `test/vhdx/${name}/**/*.test.ts`);
/** The real processes under power cuts, kills, contention and fuzz: minutes each, on real file systems. */
const faults = ["agent/faults", "agent/fuzz", "csi-stack"].map((name) => `test/${name}/**/*.test.ts`);
const sanity = "test/sanity/**/*.test.ts";
/** All else of the library of disks, in a process of its own, too: it holds whole disks in memory. */
const vhdx = "test/vhdx/**/*.test.ts";

const ignoring = (patterns: readonly string[]) => patterns.flatMap((pattern) => ["--ignore", pattern]);

const suites: Readonly<Record<string, Suite>> = {
  format: check("prettier", "--check", "--log-level", "warn", "."),
  lint: check("eslint", "--max-warnings", "0"),
  types: check("tsc"),
  imports: check("node", "scripts/check-imports.ts"),
  unit: mocha(...ignoring([vhdx, ...faults, sanity]), "test/**/*.test.ts"),
  vhdx: mocha(...ignoring(campaigns), vhdx),
  faults: mocha(...faults),
  sanity: mocha(sanity),
  campaigns: mocha(...campaigns),
};

/** Only computes, for ten minutes: beside the others, which mostly wait for disks. */
const BESIDE = "campaigns";

async function main(wanted: readonly string[]): Promise<void> {
  const unknown = wanted.find((name) => suites[name] === undefined);
  if (unknown !== undefined) {
    process.stderr.write(`there is no suite ${unknown}; there are ${Object.keys(suites).join(", ")}\n`);
    process.exitCode = 2;
    return;
  }
  const chosen = Object.entries(suites).filter(([name]) => wanted.length === 0 || wanted.includes(name));
  const directory = await mkdtemp(join(tmpdir(), "hyperv-csi-suites-"));
  try {
    const total = await runAll(chosen, join(directory, BESIDE));
    // Again at the end, where a record of a long run still has it.
    for (const title of total.failures) process.stdout.write(`\nfailed: ${title}`);
    process.stdout.write(`\n${summary(total)}\n`);
    if (total.failed > 0) process.exitCode = 1;
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** One after the other, but for the one that runs beside the others and is shown, from `file`, in its turn. */
async function runAll(chosen: readonly (readonly [string, Suite])[], file: string): Promise<RunCounts> {
  const total: RunCounts = { passed: 0, failed: 0, skipped: 0, failures: [] };
  const suite = chosen.length > 1 ? chosen.find(([name]) => name === BESIDE)?.[1] : undefined;
  const early = suite === undefined ? undefined : timed(suite, { file });
  for (const [name, each] of chosen) {
    process.stdout.write(`\n── ${name}\n`);
    const isEarly = each === suite && early !== undefined;
    const { counts, seconds } = isEarly ? await early : await timed(each, "inherit");
    if (isEarly) process.stdout.write(await readFile(file));
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
    total.failures.push(...counts.failures.map((title) => `${name}: ${title}`));
    process.stdout.write(`── ${name}: ${summary(counts)} in ${seconds} s\n`);
  }
  return total;
}

async function timed(suite: Suite, output: Output): Promise<{ counts: RunCounts; seconds: string }> {
  const started = performance.now();
  const counts = await suite(output);
  return { counts, seconds: ((performance.now() - started) / 1000).toFixed(1) };
}

function summary({ passed, failed, skipped }: RunCounts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

await main(process.argv.slice(2));
