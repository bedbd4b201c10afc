import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { KeyedLocks } from "../../../src/kit/locks.ts";
import type { Guest } from "../../../src/node/guest.ts";
import { hypervFacts, namesFromHyperV } from "../../../src/node/linux/hyperv-facts.ts";
import type { SettledFacts } from "../../../src/node/node-facts.ts";
import { nodeService } from "../../../src/node/node.ts";
import type { GuestKernel } from "../../support/guest-kernel.ts";
import { kvpPool } from "../../support/kvp-pool.ts";
import { refused } from "../../support/refused.ts";
import { temporaryDirectory } from "../../support/temporary.ts";
import { generation2 } from "../../support/vmbus-rig.ts";

const VM = "11111111-2222-4333-8444-555555555555";

describe("what a node tells of itself", () => {
  const path = temporaryDirectory();
  let guest: GuestKernel;
  let guests = 0;
  beforeEach(async () => {
    guest = await generation2(path(`guest-${guests++}`));
  });

  const pool = (number: number, pairs: Record<string, string>) =>
    writeFile(join(guest.tree.roots.hyperv, `.kvp_pool_${number}`), kvpPool(pairs));
  const nothing: SettledFacts = {
    nodeId: undefined,
    group: undefined,
    maxVolumes: undefined,
    reservedVolumes: 0,
    kubeletDirectory: "/var/lib/kubelet",
  };
  const node = (settled: Partial<SettledFacts> = {}) =>
    nodeService({
      guest: {} as Guest,
      locks: new KeyedLocks(),
      facts: hypervFacts({ ...nothing, ...settled }, guest.tree.roots),
      names: { driverName: "hyperv.csi.dev", topologyKey: "topology.hyperv.csi.dev/group" },
    });

  it("is learnt from Hyper-V: the id in lower case, the group, and the slots that are free", async () => {
    await pool(3, { VirtualMachineId: VM.toUpperCase(), VirtualMachineName: "worker-1" });
    await pool(0, { "hyperv-csi-group": "rack-1", other: "x" });
    expect(await node().NodeGetInfo()).to.deep.equal({
      node_id: VM,
      max_volumes_per_node: 254,
      accessible_topology: { segments: { "topology.hyperv.csi.dev/group": "rack-1" } },
    });
  });

  it("is UNAVAILABLE until it is known, saying what to do, and known without a restart", async () => {
    const service = node();
    await refused(service.NodeGetInfo(), "UNAVAILABLE", "hv_kvp_daemon");
    for (const VirtualMachineId of ["", "worker-1", `${VM} `]) {
      await pool(3, { VirtualMachineId });
      await refused(service.NodeGetInfo(), "UNAVAILABLE", "Data Exchange");
    }
    await pool(3, { VirtualMachineId: VM });
    await refused(service.NodeGetInfo(), "UNAVAILABLE", "hyperv-csi-group");
    await pool(0, { "hyperv-csi-group": "Not A Label" });
    await refused(service.NodeGetInfo(), "UNAVAILABLE", "--group");
    await pool(0, { "hyperv-csi-group": "rack-1" });
    expect((await service.NodeGetInfo()).node_id).to.equal(VM);
  });

  it("is what flags settle, whatever Hyper-V says", async () => {
    await pool(3, { VirtualMachineId: "99999999-2222-4333-8444-555555555555" });
    await pool(0, { "hyperv-csi-group": "rack-1" });
    expect(
      await node({ nodeId: VM, group: "east", maxVolumes: 7, reservedVolumes: 3 }).NodeGetInfo(),
    ).to.deep.equal({
      node_id: VM,
      max_volumes_per_node: 7,
      accessible_topology: { segments: { "topology.hyperv.csi.dev/group": "east" } },
    });
  });

  it("keeps reserved slots free, and never says zero, which would be no limit", async () => {
    const limit = async (reservedVolumes: number) =>
      (await node({ nodeId: VM, group: "east", reservedVolumes }).NodeGetInfo()).max_volumes_per_node;
    expect(await limit(4)).to.equal(250);
    expect(await limit(253)).to.equal(1);
    expect(await limit(999)).to.equal(1);
  });

  it("names the VM and its host for the log, and nothing else of the pool", async () => {
    expect(await namesFromHyperV(guest.tree.roots)).to.deep.equal({});
    await pool(3, { VirtualMachineName: "worker-1", HostName: "hv1", VirtualMachineId: VM });
    expect(await namesFromHyperV(guest.tree.roots)).to.deep.equal({
      VirtualMachineName: "worker-1",
      HostName: "hv1",
    });
  });
});
