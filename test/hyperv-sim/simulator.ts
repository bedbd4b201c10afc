import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { WorkerCommand } from "../../src/kit/worker/process.ts";
import { pullOut } from "./devices.ts";
import { openGuest } from "./guest.ts";
import { type Fault, RUNNING, type SimState, type SimVm, UP } from "./model.ts";
import { changeState, readState, writeState } from "./store.ts";

/** A Hyper-V of which a directory is all there is. */
export class Simulator {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** Makes it, with the VMs on its first host unless they say otherwise. */
  async make(vms: readonly SimVm[], hosts = ["hv-1"], cluster: string | null = null): Promise<this> {
    await mkdir(this.directory, { recursive: true });
    await writeState(this.directory, {
      cluster,
      hosts: hosts.map((name) => ({ name, state: UP, answers: true })),
      vms,
      parents: {},
      locked: [],
      faults: [],
      events: [],
      calls: {},
    });
    for (const vm of vms) await openGuest(this.directory, vm);
    return this;
  }

  /** A worker on one of the hosts; a bundle of main.ts starts faster. */
  worker(computer = "hv-1", program = join(import.meta.dirname, "main.ts")): WorkerCommand {
    return { program: process.execPath, args: [program, this.directory, computer] };
  }

  state(): Promise<SimState> {
    return readState(this.directory);
  }

  async vm(id: string): Promise<SimVm> {
    const vm = (await this.state()).vms.find((each) => each.id === id);
    if (vm === undefined) throw new Error(`there is no VM ${id}`);
    return vm;
  }

  change(change: (state: SimState) => SimState | Promise<SimState>): Promise<SimState> {
    return changeState(this.directory, change);
  }

  /** Things that go wrong from now on, each once. */
  async fault(...faults: readonly Fault[]): Promise<void> {
    await this.change((state) => ({ ...state, faults: [...state.faults, ...faults] }));
  }

  /** Lets all loop devices go, as a host that is turned off does. */
  async turnOff(): Promise<void> {
    for (const vm of (await this.state()).vms) {
      for (const drive of vm.drives) await pullOut(this.directory, vm, drive);
    }
  }
}

/** A running VM with SCSI controllers and nothing in them but a DVD drive. */
export function simVm(name: string, controllers = 1, host = "hv-1", id: string = randomUUID()): SimVm {
  return {
    id,
    name,
    host,
    state: RUNNING,
    controllers: Array.from({ length: controllers }, () => randomUUID()),
    drives: [],
    checkpoints: [],
    mergeLooks: 0,
    items: {},
  };
}
