import { hostname } from "node:os";
import { join } from "node:path";
import type { Simulator } from "../hyperv-sim/simulator.ts";
import { hypervSuite } from "../agent/hosts/hyperv-suite.ts";
import { hypervRig } from "../support/hyperv-rig.ts";
import { scriptCommand, shell, skipWithoutShell } from "./shell.ts";

/** PowerShell knows its machine by this name. */
const computer = hostname().split(".", 1)[0] ?? "";

/** The real script, which finds the stub where it looks for the Hyper-V module. */
function realWorker({ directory }: Simulator, simulatorsWorker: string) {
  return scriptCommand(join(import.meta.dirname, "../../powershell/worker.ps1"), {
    PSModulePath: join(import.meta.dirname, "stub"),
    HYPERV_STUB_DIRECTORY: directory,
    HYPERV_STUB_NODE: process.execPath,
    HYPERV_STUB_WORKER: simulatorsWorker,
  });
}

describe("the worker's scripts, through the adapter, over a stub of Hyper-V", () => {
  if (shell === undefined) skipWithoutShell();
  // The cmdlet that adds a drive can't make it read-only.
  else hypervSuite(hypervRig({ hosts: [computer], workerOver: realWorker }), false);
});
