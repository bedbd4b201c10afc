import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { counted, failure } from "../../scripts/suites/counted.ts";
import { report } from "../../scripts/suites/report.ts";
import { lockFile } from "../../src/kit/file-lock.ts";
import { buildBinaries } from "./build/binaries.ts";
import { removeCgroups } from "./machine/cgroups.ts";
import { rememberKernelSettings } from "./machine/kernel-settings.ts";
import { freeLoops } from "./machine/loops.ts";
import { step } from "./machine/step.ts";
import { whyNotHere } from "./machine/why-not-here.ts";

/**
 * The cluster test. All of the cluster runs below one process in namespaces of its own: when that ends, however it
 * ends, its processes and mounts are gone. This one stands outside and puts the rest of the machine back.
 */
async function main(scenarios: readonly string[]): Promise<void> {
  const reason = await whyNotHere();
  if (reason !== undefined) {
    process.stdout.write(`skipped: ${reason}\n`);
    report(process.env["CI"] ? failure(reason) : { passed: 0, failed: 0, skipped: 1, failures: [] });
    return;
  }
  const lock = await lockFile(join(tmpdir(), "csi-e2e.lock"), "the loopback network", "a cluster test");
  await step("binaries", buildBinaries);
  const restore = await rememberKernelSettings();
  const directory = await mkdtemp(join(tmpdir(), "csi-e2e-"));
  const counts = await counted("the cluster test", (env) => runInside(directory, scenarios, env));
  await freeLoops(directory);
  for (const node of [1, 2]) await removeCgroups(`${basename(directory)}-${node}`);
  await restore();
  if (counts.failed > 0) await keepLogs(directory);
  await rm(directory, { recursive: true });
  await lock.release();
  report(counts);
}

/** Runs the cluster and the scenarios in namespaces; the exit code. A signal ends them, and what follows is done still. */
async function runInside(
  directory: string,
  scenarios: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<number> {
  const apart = ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--mount-proc"];
  const inside = ["tini", "--", process.execPath, join(import.meta.dirname, "inside.ts"), directory];
  const child = spawn("setpriv", ["--pdeathsig", "KILL", ...apart, "--kill-child", ...inside, ...scenarios], {
    stdio: "inherit",
    env: { ...process.env, ...env },
  });
  const end = once(child, "exit");
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      child.kill("SIGKILL");
    });
  }
  const [code] = (await end) as [number | null];
  return code ?? 130;
}

/** Logs, events and objects, where somebody can look at them afterwards. */
async function keepLogs(directory: string): Promise<void> {
  const kept = await mkdtemp(join(tmpdir(), "csi-e2e-logs-"));
  await cp(join(directory, "logs"), join(kept, "logs"), { recursive: true });
  const summary = await readFile(join(kept, "logs/events.txt"), "utf8").catch(() => "");
  process.stdout.write(`logs are kept in ${kept}\n${summary.split("\n").slice(-20).join("\n")}\n`);
}

await main(process.argv.slice(2));
