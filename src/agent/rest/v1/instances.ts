import type { Vm } from "../../hosts/host.ts";
import { VolumesApiError } from "./refusals.ts";
import { type Key, notFound } from "./selectors.ts";

/**
 * The VM that a request names.
 * @throws VolumesApiError NOT_FOUND; INVALID for a name that several have: which one is meant is not guessed
 */
export function findInstance(vms: readonly Vm[], key: Key): Vm {
  const found = vms.filter(({ id, name }) => ("uuid" in key ? id === key.uuid : name === key.name));
  const [vm, another] = found;
  if (vm === undefined) throw new VolumesApiError("NOT_FOUND", notFound("instance", key));
  if (another === undefined) return vm;
  throw new VolumesApiError(
    "INVALID",
    `${found.length} instances have the name '${vm.name}': give the uuid of one`,
  );
}

/** A VM as messages name it. */
export function instanceText(vms: readonly Vm[], id: string): string {
  const vm = vms.find((each) => each.id === id);
  return vm === undefined ? `instance ${id}` : `instance '${vm.name}' (${id})`;
}
