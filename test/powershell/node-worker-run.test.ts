import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { SimulatedWindows } from "../windows-sim/windows.ts";
import { nodeWorkerSuite } from "./node-worker-suite.ts";
import { scriptCommand, shell, skipWithoutShell } from "./shell.ts";

/** The real script, over a stub of what it calls. */
function realWorker({ directory }: SimulatedWindows, simulatorsWorker: string) {
  const stub = join(import.meta.dirname, "stub");
  return scriptCommand(join(stub, "start-node-worker.ps1"), {
    PSModulePath: stub,
    STORAGE_STUB_DIRECTORY: directory,
    STORAGE_STUB_NODE: process.execPath,
    STORAGE_STUB_WORKER: simulatorsWorker,
  });
}

/** What the stub has recorded since the last time. */
async function recorded(directory: string) {
  const names = (await readdir(directory)).filter((name) => name.endsWith(".jsonl"));
  const texts = await Promise.all(names.map((name) => readFile(join(directory, name), "utf8")));
  for (const name of names) await rm(join(directory, name));
  const lines = texts.flatMap((text) => text.split("\n")).filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as { readonly method: string; readonly arguments: object });
}

describe("the scripts of a Windows node's worker, over a stub of Windows' storage", () => {
  if (shell === undefined) skipWithoutShell();
  else nodeWorkerSuite(realWorker, recorded);
});

// That the simulated Windows behind the stub gives these answers is seen on every machine.
describe("the worker of the simulated Windows", () => {
  nodeWorkerSuite();
});
