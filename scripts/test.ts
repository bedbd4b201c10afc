import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunCounts } from "./mocha-reporter.ts";
import { report, sum, summary } from "./suites/report.ts";
import { check, mocha, type Manner, type Suite } from "./suites/suite.ts";

/** Thousands of generated cases each, in a process of their own: a heap full of other tests slows them threefold. */
const campaigns = ["crash", "fuzz", "model"].map((name) => `test/vhdx/${name}/**/*.test.ts`);
/** The real processes under power cuts, kills, contention and fuzz: minutes each, on real file systems. */
const faults = ["agent/faults", "agent/fuzz", "csi-stack"].map((name) => `test/${name}/**/*.test.ts`);
const sanity = "test/sanity/**/*.test.ts";
/** All else of the library of disks, in a process of its own, too: it holds whole disks in memory. */
const vhdx = "test/vhdx/**/*.test.ts";
const wine = "test/wine/*.test.ts";

const ignoring = (patterns: readonly string[]) => patterns.flatMap((pattern) => ["--ignore", pattern]);

const suites: Readonly<Record<string, Suite>> = {
  format: check("prettier", "--check", "--log-level", "warn", "."),
  lint: check("eslint", "--max-warnings", "0"),
  types: check("tsc"),
  imports: check("node", "scripts/check-imports.ts"),
  unit: mocha(...ignoring([vhdx, ...faults, sanity, wine]), "test/**/*.test.ts"),
  vhdx: mocha(...ignoring(campaigns), vhdx),
  sanity: mocha(sanity),
  wine: mocha(wine),
  faults: mocha(...faults),
  campaigns: mocha(...campaigns),
};

/**
 * Suites that run beside the others from the start, and how nicely; they come last, and are shown in their turn. Faults take as
 * long as all others together and use one processor as these do; campaigns only compute.
 */
const beside: Readonly<Record<string, number>> = { faults: 0, campaigns: 19 };

/** Runs the suites with these names; all without a name; all but these after `--but`. */
async function main(args: readonly string[]): Promise<void> {
  const but = args[0] === "--but";
  const names = but ? args.slice(1) : args;
  const unknown = names.find((name) => suites[name] === undefined);
  if (unknown !== undefined) {
    process.stderr.write(`there is no suite ${unknown}; there are ${Object.keys(suites).join(", ")}\n`);
    process.exitCode = 2;
    return;
  }
  const chosen = Object.entries(suites).filter(
    ([name]) => names.length === 0 || names.includes(name) !== but,
  );
  const directory = await mkdtemp(join(tmpdir(), "hyperv-csi-suites-"));
  try {
    report(await runAll(chosen, directory));
  } finally {
    await rm(directory, { recursive: true });
  }
}

interface Outcome {
  readonly counts: RunCounts;
  readonly seconds: string;
}

/** One after the other, but for those that run beside them: these print into files in `directory` until it is their turn. */
async function runAll(chosen: readonly (readonly [string, Suite])[], directory: string): Promise<RunCounts> {
  const early = new Map<string, Promise<Outcome>>();
  const file = (name: string) => join(directory, name);
  for (const [name, suite] of chosen.length > 1 ? chosen : []) {
    const niceness = beside[name];
    if (niceness !== undefined) early.set(name, timed(suite, { output: { file: file(name) }, niceness }));
  }
  const runs: [string, RunCounts][] = [];
  for (const [name, suite] of chosen) {
    process.stdout.write(`\n── ${name}\n`);
    const { counts, seconds } = await (early.get(name) ?? timed(suite, { output: "inherit", niceness: 0 }));
    if (early.has(name)) process.stdout.write(await readFile(file(name)));
    runs.push([name, counts]);
    process.stdout.write(`── ${name}: ${summary(counts)} in ${seconds} s\n`);
  }
  return sum(runs);
}

async function timed(suite: Suite, manner: Manner): Promise<Outcome> {
  const started = performance.now();
  const counts = await suite(manner);
  return { counts, seconds: ((performance.now() - started) / 1000).toFixed(1) };
}

await main(process.argv.slice(2));
