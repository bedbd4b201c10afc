import { hostname } from "node:os";
import { join } from "node:path";
import { missingPrograms } from "../../src/kit/missing-programs.ts";
import type { Simulator } from "../hyperv-sim/simulator.ts";
import { hypervSuite } from "../agent/hosts/hyperv-suite.ts";
import { hypervRig } from "../support/hyperv-rig.ts";

const shells = ["pwsh", "powershell"];
const missing = missingPrograms(shells, process.env["PATH"] ?? "");
const shell = shells.find((program) => !missing.includes(program));

/** PowerShell knows its machine by this name. */
const computer = hostname().split(".", 1)[0] ?? "";

/** The real script, which finds the stub where it looks for the Hyper-V module. */
function realWorker({ directory }: Simulator, simulatorsWorker: string) {
  const environment = {
    PSModulePath: join(import.meta.dirname, "stub"),
    HYPERV_STUB_DIRECTORY: directory,
    HYPERV_STUB_NODE: process.execPath,
    HYPERV_STUB_WORKER: simulatorsWorker,
  };
  const script = join(import.meta.dirname, "../../powershell/worker.ps1");
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const options = ["-NoLogo", "-NoProfile", "-NonInteractive", "-File", script];
  return { program: "env", args: [...variables, shell ?? "", ...options] };
}

describe("the worker's scripts, through the adapter, over a stub of Hyper-V", () => {
  if (shell !== undefined) {
    // The cmdlet that adds a drive can't make it read-only.
    hypervSuite(hypervRig({ hosts: [computer], workerOver: realWorker }), false);
    return;
  }
  // Nothing that can be installed here has a PowerShell: the first machine with one runs it.
  it("run where there is a PowerShell", function () {
    console.log(`      skipped: neither ${shells.join(" nor ")} is installed here`);
    this.skip();
  });
});
