import { join } from "node:path";
import { expect } from "chai";
import { buildBundle } from "../../scripts/build.ts";
import { KeyedLocks } from "../../src/kit/locks.ts";
import type { Guest } from "../../src/node/guest.ts";
import { settledFacts } from "../../src/node/node-facts.ts";
import { nodeService } from "../../src/node/node.ts";
import { nodeTable } from "../../src/node/rpc-table.ts";
import { scratchDirectory } from "../support/scratch-directory.ts";

const project = join(import.meta.dirname, "../..");

describe("the table of the node's RPCs", () => {
  const scratch = scratchDirectory();

  it("has every RPC that is served, and no other", () => {
    const service = nodeService({
      guest: {} as Guest,
      locks: new KeyedLocks(),
      facts: settledFacts("00000001-aaaa-4bbb-8ccc-0123456789ab", "east", 256),
      names: { driverName: "hyperv.csi.dev", topologyKey: "topology.hyperv.csi.dev/group" },
    });
    expect(Object.keys(nodeTable).sort()).to.deep.equal(Object.keys(service).sort());
  });

  it("asks no agent: the node has nothing to ask with", async () => {
    const asker = "node_modules/axios";
    const node = await buildBundle(scratch("node.mjs"), join(project, "src/commands/node.ts"));
    expect(node).not.to.include(asker);
    const controller = await buildBundle(
      scratch("controller.mjs"),
      join(project, "src/commands/controller.ts"),
    );
    expect(controller).to.include(asker);
  });
});
