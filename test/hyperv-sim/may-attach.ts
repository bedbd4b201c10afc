import type { Args, Inventory } from "../../src/agent/hosts/hyperv/protocol.ts";
import { DOWN } from "./model.ts";

/** As the worker's script decides: from what it was told by the hosts that answered. */
export function mayAttach(
  { vms, unreachable, nodes }: Inventory,
  { host, vmId, controllerId, lun, path, hosts }: Args["attach"],
): boolean {
  const silent = new Set(unreachable.map((each) => each.host));
  const told = new Set(hosts.filter((name) => !silent.has(name)));
  if (nodes.some(({ name, state }) => state !== DOWN && !told.has(name))) return false;
  const vm = vms.find((each) => each.id === vmId && each.host === host);
  const controller = vm?.controllers.find(({ id }) => id === controllerId);
  if (controller === undefined || controller.usedLuns.includes(lun)) return false;
  const drives = vms.flatMap((each) => each.drives);
  return !drives.some((drive) => drive.path === path || drive.basePath === path);
}
