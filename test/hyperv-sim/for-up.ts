import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Simulation } from "../../src/commands/up/simulation.ts";
import { plugIn } from "./devices.ts";
import { simulatedVm } from "./guest.ts";
import { Simulator, simVm } from "./simulator.ts";

/** Makes or finds the simulated Hyper-V that `up` runs on: one host, with this VM and an idle one. */
export async function openSimulation(directory: string, vmId: string): Promise<Simulation> {
  const simulator = new Simulator(directory);
  if (!existsSync(join(directory, "state.json"))) {
    await simulator.make([simVm("this-node", 4, "hv-1", vmId), simVm("idle")]);
  }
  // After a restart of the machine nothing of its devices is left.
  const vm = await simulator.vm(vmId);
  for (const drive of vm.drives) await plugIn(directory, vm, drive);
  return { command: simulator.worker(), vm: simulatedVm(directory, vmId) };
}
