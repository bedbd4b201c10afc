import { readdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import Mocha from "mocha";
import type { Kubectl } from "./cluster/kubectl.ts";
import { keepFacts } from "./machine/keep-facts.ts";
import { setRig } from "./rig.ts";
import { logsIn, startRig } from "./start-rig.ts";

const LONGEST_SCENARIO_MS = 15 * 60_000;

/** Starts the cluster, runs scenarios in it and ends: whoever started this ends the rest. */
async function main([directory = "", ...wanted]: readonly string[]): Promise<number> {
  let kubectl: Kubectl | undefined;
  try {
    const rig = await startRig(directory, (reachable) => {
      kubectl = reachable;
    });
    setRig(rig);
    const counts = await runScenarios(wanted.length > 0 ? wanted : await allScenarios());
    await writeFile(join(directory, "counts"), counts);
    if (counts.includes(" 0 failed")) return 0;
  } catch (error) {
    process.stdout.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  }
  if (kubectl !== undefined) await keepFacts(kubectl, logsIn(directory));
  return 1;
}

/** In the order of their names; what is left of all of them is looked at last. */
async function allScenarios(): Promise<string[]> {
  const directory = join(import.meta.dirname, "scenarios");
  const names = (await readdir(directory)).sort();
  return [...names.map((name) => join(directory, name)), join(import.meta.dirname, "nothing-left.ts")];
}

/** How many passed, failed and were skipped, in words. */
async function runScenarios(files: readonly string[]): Promise<string> {
  const mocha = new Mocha({ timeout: LONGEST_SCENARIO_MS, slow: 1 });
  for (const file of files) mocha.addFile(resolve(file));
  await mocha.loadFilesAsync();
  return await new Promise((done) => {
    const runner = mocha.run(() => {
      const { passes = 0, failures = 0, pending = 0 } = runner.stats ?? {};
      done(`${passes} passed, ${failures} failed, ${pending} skipped`);
    });
  });
}

process.exit(await main(process.argv.slice(2)));
