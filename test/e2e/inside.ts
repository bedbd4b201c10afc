import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import Mocha from "mocha";
import { failure, writeCounts } from "../../scripts/suites/counted.ts";
import type { Kubectl } from "./cluster/kubectl.ts";
import { keepFacts } from "./machine/keep-facts.ts";
import { setRig } from "./rig.ts";
import { logsIn, startRig } from "./start-rig.ts";

const LONGEST_SCENARIO_MS = 15 * 60_000;
const REPORTER = join(import.meta.dirname, "../../scripts/mocha-reporter.ts");

/** Starts the cluster, runs scenarios in it and ends: whoever started this ends the rest. */
async function main([directory = "", ...wanted]: readonly string[]): Promise<number> {
  let kubectl: Kubectl | undefined;
  try {
    const rig = await startRig(directory, (reachable) => {
      kubectl = reachable;
    });
    setRig(rig);
    const failures = await runScenarios(wanted.length > 0 ? wanted : await allScenarios());
    if (failures === 0) return 0;
  } catch (error) {
    const text = (error instanceof Error ? error.stack : undefined) ?? String(error);
    process.stdout.write(`${text}\n`);
    writeCounts(failure(text));
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

/** How many failed; whoever started this is told all that there is to tell by the reporter. */
async function runScenarios(files: readonly string[]): Promise<number> {
  const mocha = new Mocha({ timeout: LONGEST_SCENARIO_MS, slow: 1, reporter: REPORTER });
  for (const file of files) mocha.addFile(resolve(file));
  await mocha.loadFilesAsync();
  return await new Promise((done) => {
    mocha.run(done);
  });
}

process.exit(await main(process.argv.slice(2)));
