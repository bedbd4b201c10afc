import { expect } from "chai";
import { mandatoryNodeRpcs, nodeCapabilities } from "../../src/node/capabilities.ts";
import { KeyedLocks } from "../../src/kit/locks.ts";
import { settledFacts } from "../../src/node/node-facts.ts";
import { nodeService } from "../../src/node/node.ts";
import type { Guest } from "../../src/node/guest.ts";

const NODE = "00000001-aaaa-4bbb-8ccc-0123456789ab";
/** Capabilities and info ask nothing of the guest. */
const guest = {} as Guest;

describe("node capabilities", () => {
  const service = nodeService({
    guest,
    locks: new KeyedLocks(),
    facts: settledFacts(NODE, "east", 256),
    names: { driverName: "hyperv.csi.dev", topologyKey: "topology.hyperv.csi.dev/group" },
  });

  it("are each implemented, and each implemented RPC is named by one or mandatory", () => {
    const promised = new Set([...Object.values(nodeCapabilities).flat(), ...mandatoryNodeRpcs]);
    expect(Object.keys(service).sort()).to.deep.equal([...promised].sort());
  });

  it("are advertised as the table has them", async () => {
    const { capabilities } = await service.NodeGetCapabilities();
    expect(capabilities.map(({ rpc }) => rpc.type)).to.deep.equal(Object.keys(nodeCapabilities));
  });

  it("come with an id, a place and a limit", async () => {
    expect(await service.NodeGetInfo()).to.deep.equal({
      node_id: NODE,
      max_volumes_per_node: 256,
      accessible_topology: { segments: { "topology.hyperv.csi.dev/group": "east" } },
    });
  });
});
