import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import type { RunCounts } from "./mocha-reporter.ts";

type Suite = () => Promise<RunCounts>;

const project = join(import.meta.dirname, "..");

/** One command that holds or does not. */
function check(program: string, ...args: string[]): Suite {
  return async () => {
    const { exitCode } = await execa(program, args, { cwd: project, stdio: "inherit", reject: false });
    return exitCode === 0
      ? { passed: 1, failed: 0, skipped: 0, failures: [] }
      : failure(`${program} ${args.join(" ")}: exit code ${exitCode}`);
  };
}

function failure(what: string): RunCounts {
  return { passed: 0, failed: 1, skipped: 0, failures: [what] };
}

/** Mocha over some files. A run that ends without its counts has failed, whatever it printed. */
function mocha(...args: string[]): Suite {
  return async () => {
    const directory = await mkdtemp(join(tmpdir(), "hyperv-csi-counts-"));
    const file = join(directory, "counts.json");
    try {
      const { exitCode } = await execa("mocha", ["--reporter", "scripts/mocha-reporter.ts", ...args], {
        cwd: project,
        stdio: "inherit",
        reject: false,
        env: { SUITE_COUNTS: file },
      });
      const text = await readFile(file, "utf8").catch(() => undefined);
      if (text === undefined) return failure(`mocha ended without its counts: exit code ${exitCode}`);
      const counts = JSON.parse(text) as RunCounts;
      if (counts.failed > 0 || exitCode === 0) return counts;
      return { ...counts, failed: 1, failures: [`mocha: exit code ${exitCode}`] };
    } finally {
      await rm(directory, { recursive: true });
    }
  };
}

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
  campaigns: mocha(...campaigns),
  faults: mocha(...faults),
  sanity: mocha(sanity),
};

async function main(wanted: readonly string[]): Promise<void> {
  const unknown = wanted.find((name) => suites[name] === undefined);
  if (unknown !== undefined) {
    process.stderr.write(`there is no suite ${unknown}; there are ${Object.keys(suites).join(", ")}\n`);
    process.exitCode = 2;
    return;
  }
  const total: RunCounts = { passed: 0, failed: 0, skipped: 0, failures: [] };
  for (const [name, suite] of Object.entries(suites)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const started = performance.now();
    process.stdout.write(`\n── ${name}\n`);
    const counts = await suite();
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
    total.failures.push(...counts.failures.map((title) => `${name}: ${title}`));
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    process.stdout.write(`── ${name}: ${summary(counts)} in ${seconds} s\n`);
  }
  // Again at the end, where a record of a long run still has it.
  for (const title of total.failures) process.stdout.write(`\nfailed: ${title}`);
  process.stdout.write(`\n${summary(total)}\n`);
  if (total.failed > 0) process.exitCode = 1;
}

function summary({ passed, failed, skipped }: RunCounts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

await main(process.argv.slice(2));
