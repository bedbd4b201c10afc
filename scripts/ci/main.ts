import type { RunCounts } from "../mocha-reporter.ts";
import { counted, failure } from "../suites/counted.ts";
import { report, sum, summary } from "../suites/report.ts";
import { runStep } from "./run-step.ts";

const MINUTE_MS = 60_000;
/** All of these count from the start of CI, which is given 90 minutes. What runs still is ended, so that the sum is told. */
const END_MINUTES = 86;
/** The cluster test takes 16 minutes on two cores. */
const LAST_START_MINUTES = 68;
/** A minute or two, and as long to install it. */
const LONGEST_WINE_MINUTES = 12;
/** To take a cluster down, and put back what of the machine was changed. */
const GRACE_MS = 60_000;

/** In seconds since the epoch: the packages were installed since. */
const started = 1000 * (Number(process.env["CI_STARTED"]) || Date.now() / 1000);
const minutesNow = () => (Date.now() - started) / MINUTE_MS;

const stop = new AbortController();
for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    stop.abort();
  });
}

/** Once so many minutes are over, or somebody stops CI. */
const at = (minutes: number) =>
  // eslint-disable-next-line no-restricted-properties -- one for a step, made of none.
  AbortSignal.any([
    stop.signal,
    AbortSignal.timeout(Math.max(0, Math.round((minutes - minutesNow()) * MINUTE_MS))),
  ]);

/** One of npm's scripts, by the shell script that it calls: a signal reaches it at once. */
async function script(
  name: string,
  command: readonly [string, ...string[]],
  minutes: number,
): Promise<RunCounts> {
  const end = at(Math.min(minutes, END_MINUTES));
  const counts = await counted(name, (env) => runStep({ command, env, end, graceMs: GRACE_MS }));
  if (!end.aborted) return counts;
  return { ...counts, failed: Math.max(counts.failed, 1), failures: [...counts.failures, whyEnded()] };
}

const whyEnded = () =>
  `it was ended ${minutesNow().toFixed(0)} minutes after the start${stop.signal.aborted ? ", from outside" : ""}`;

/** The cluster test, once what it needs is built and while there is time for it. */
async function clusterTest(build: Promise<unknown>): Promise<RunCounts> {
  await build;
  const minutes = minutesNow();
  if (minutes < LAST_START_MINUTES) return await script("test:e2e", ["sh", "scripts/e2e.sh"], END_MINUTES);
  process.stdout.write(`skipped: the cluster test: ${minutes.toFixed(0)} of 90 minutes are over\n`);
  return { passed: 0, failed: 0, skipped: 1, failures: [] };
}

// To build Kubernetes takes both cores ten minutes: beside the tests, from what they leave of them. It shares this session,
// since the kernel weighs sessions against each other whatever their processes' niceness.
const build = runStep({
  command: ["nice", "-n", "19", "node", "test/e2e/build/build.ts"],
  end: at(LAST_START_MINUTES),
  graceMs: 0,
});
const steps: readonly (readonly [string, () => Promise<RunCounts>])[] = [
  ["test", () => script("test", ["sh", "scripts/test.sh", "--but", "wine"], END_MINUTES)],
  ["test:wine", () => script("test:wine", ["sh", "scripts/wine.sh"], minutesNow() + LONGEST_WINE_MINUTES)],
  ["test:e2e", () => clusterTest(build)],
];
const runs: [string, RunCounts][] = [];
for (const [name, run] of steps) {
  if (stop.signal.aborted) break;
  process.stdout.write(`\n══ npm run ${name}, after ${minutesNow().toFixed(1)} min\n`);
  const counts = await run().catch((error: unknown) => failure(String(error)));
  process.stdout.write(`══ npm run ${name}: ${summary(counts)}, after ${minutesNow().toFixed(1)} min\n`);
  runs.push([name, counts]);
}
await build;
report(sum(runs));
