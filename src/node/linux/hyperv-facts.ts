import { GROUP_ITEM } from "../../csi/driver.ts";
import { isGroupName, parseNodeId } from "../../csi/handle.ts";
import { learntFacts, loggedNames, type NodeFacts, type SettledFacts } from "../node-facts.ts";
import { KVP_POOLS, readKvpPool } from "./kvp.ts";
import { volumeSlots } from "./slots.ts";
import type { Roots } from "./this-vm.ts";

/** The facts of a VM as flags settle them, else as Hyper-V tells them over its key-value exchange. */
export function hypervFacts(settled: SettledFacts, roots: Roots): NodeFacts {
  return learntFacts(settled, {
    vmId: () => vmIdFromHyperV(roots),
    group: () => groupFromHyperV(roots),
    slots: () => volumeSlots(settled.kubeletDirectory, roots),
    unknown: {
      vmId:
        "the id of this VM is not known: run hv_kvp_daemon in the VM, turn on the integration service Data Exchange " +
        "(Key-Value Pair Exchange), and mount /var/lib/hyperv into the container; or give --node-id",
      group: `the group of this VM's host is not known: the agent on the host writes it as ${GROUP_ITEM} into KVP pool 0; or give --group`,
    },
  });
}

/** The VM's id as Hyper-V tells it; undefined while it has not. */
async function vmIdFromHyperV(roots: Roots): Promise<string | undefined> {
  const id = (await readKvpPool(KVP_POOLS.intrinsic, roots)).get("VirtualMachineId");
  return id === undefined ? undefined : parseNodeId(id);
}

/** What Hyper-V calls the VM and its host, for the log. Names of the host change when the VM moves. */
export async function namesFromHyperV(roots: Roots): Promise<Record<string, string>> {
  const pool = await readKvpPool(KVP_POOLS.intrinsic, roots);
  return Object.fromEntries(
    loggedNames.flatMap((key) => (pool.has(key) ? [[key, pool.get(key) ?? ""]] : [])),
  );
}

async function groupFromHyperV(roots: Roots): Promise<string | undefined> {
  const group = (await readKvpPool(KVP_POOLS.external, roots)).get(GROUP_ITEM);
  return group !== undefined && isGroupName(group) ? group : undefined;
}
