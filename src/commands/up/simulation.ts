import { existsSync } from "node:fs";
import { join } from "node:path";
import type { WorkerCommand } from "../../kit/worker/process.ts";
import { StatusError } from "../../kit/errors.ts";
import type { ThisVm } from "../../node/linux/this-vm.ts";

/** A simulated Hyper-V: how its workers are started, and the VM of it that the node plugin runs in. */
export interface Simulation {
  readonly command: WorkerCommand;
  readonly vm: ThisVm;
}

/** Comes with the sources alone: the bundle holds nothing that only tests use. */
const entry = join(import.meta.dirname, "../../../test/hyperv-sim/for-up.ts");

/** @throws StatusError FAILED_PRECONDITION where the sources are not there */
export async function openSimulation(directory: string, vmId: string): Promise<Simulation> {
  if (!existsSync(entry)) {
    throw new StatusError(
      "FAILED_PRECONDITION",
      "the simulated Hyper-V comes with the source tree: run up from there",
    );
  }
  const simulator = (await import(entry)) as { openSimulation: typeof openSimulation };
  return await simulator.openSimulation(directory, vmId);
}
