import type { HypervVm, Inventory } from "../../src/agent/hosts/hyperv/protocol.ts";
import { baseOf, type SimState, type SimVm } from "./model.ts";

/** What a worker on `computer` sees of the hosts that it is asked for. */
export function inventoryOf(state: SimState, hosts: readonly string[], computer: string): Inventory {
  const asked = hosts.length === 0 ? [computer] : hosts;
  const answering = asked.filter((name) => state.hosts.some((host) => host.name === name && host.answers));
  return {
    vms: state.vms.filter(({ host }) => answering.includes(host)).map((vm) => hypervVm(state, vm)),
    unreachable: asked
      .filter((name) => !answering.includes(name))
      .map((host) => ({ host, message: "Der RPC-Server ist nicht verfügbar." })),
    nodes: state.cluster === null ? [] : state.hosts.map((host) => ({ name: host.name, state: host.state })),
  };
}

function hypervVm(state: SimState, { id, name, host, ...vm }: SimVm): HypervVm {
  return {
    id,
    name,
    host,
    state: vm.state,
    generation: 2,
    path: `/vms/${name}`,
    controllers: vm.controllers.map((controller, number) => ({
      id: controller,
      number,
      // A DVD drive is on the first.
      usedLuns: [
        ...(number === 0 ? [1] : []),
        ...vm.drives.filter(({ controllerId }) => controllerId === controller).map(({ lun }) => lun),
      ],
    })),
    drives: vm.drives.map((drive) => ({ ...drive, basePath: baseOf(state, drive.path) })),
    checkpoints: [...vm.checkpoints],
  };
}
