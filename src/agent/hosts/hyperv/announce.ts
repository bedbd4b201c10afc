import { GROUP_ITEM } from "../../../csi/driver.ts";
import type { HypervParts } from "./parts.ts";

/**
 * Tells running VMs the name of their group, where a node plugin reads it. Each is told once by a process: the item
 * stays with the VM.
 */
export class Announcer {
  readonly #told = new Set<string>();

  async tellAll({ survey, workers, group, log }: HypervParts): Promise<void> {
    const seen = await survey.look();
    for (const vm of seen.vms.values()) {
      if (this.#told.has(vm.id) || seen.vmOf(vm).state !== "running") continue;
      try {
        await workers.change("setGuestItem", {
          host: vm.host,
          vmId: vm.id,
          name: GROUP_ITEM,
          value: group,
        });
        this.#told.add(vm.id);
      } catch (error) {
        log.debug({ vm: vm.id, err: error }, "a VM is not told its group now");
      }
    }
  }
}
