import { join } from "node:path";
import { expect } from "chai";
import { buildBundle } from "../../scripts/build.ts";
import { KeyedLocks } from "../../src/kit/locks.ts";
import type { Guest } from "../../src/node/guest.ts";
import { settledFacts } from "../../src/node/node-facts.ts";
import { unixPaths } from "../../src/node/path-rules.ts";
import { nodeService } from "../../src/node/node.ts";
import { nodeTable } from "../../src/node/rpc-table.ts";
import { capability } from "../support/node-rig.ts";
import { codeOf } from "../support/failure.ts";
import { scratchDirectory } from "../support/scratch-directory.ts";

const project = join(import.meta.dirname, "../..");

const VOLUME = "11111111-2222-4333-8444-555555555555";

/** What any of the RPCs needs; the volume is not asked about before it is locked. */
const request = {
  volume_id: `east/${VOLUME}`,
  staging_target_path: "/staging",
  target_path: "/target",
  volume_path: "/target",
  volume_capability: capability(),
  publish_context: { addressKind: "loop", backingFile: "/pool/disk.vhdx" },
  volume_context: {},
  secrets: {},
};

describe("the table of the node's RPCs", () => {
  const scratch = scratchDirectory();
  const locks = new KeyedLocks();
  const service = nodeService({
    guest: { paths: unixPaths, requireUse: () => undefined } as unknown as Guest,
    locks,
    facts: settledFacts("00000001-aaaa-4bbb-8ccc-0123456789ab", "east", 256),
    names: { driverName: "hyperv.csi.dev", topologyKey: "topology.hyperv.csi.dev/group" },
  });

  it("tells which of them lock the volume, so that another change of it is ABORTED at once", async () => {
    const held = Promise.withResolvers<undefined>();
    const holder = locks.runNow(`volume ${VOLUME}`, "a change", () => held.promise);
    const call = {
      signal: new AbortController().signal,
      requestId: "test",
      deadline: performance.now() + 1000,
    };
    const rpcs = service as unknown as Record<string, (request: object, call: object) => Promise<unknown>>;
    const aborted: string[] = [];
    for (const name of Object.keys(nodeTable)) {
      const code = await codeOf(rpcs[name]!(request, call));
      if (code === "ABORTED") aborted.push(name);
    }
    held.resolve(undefined);
    await holder;
    const locking = Object.entries(nodeTable).filter(([, { lock }]) => lock !== "none");
    expect(aborted).to.deep.equal(locking.map(([name]) => name));
  });

  it("has every RPC that is served, and no other", () => {
    expect(Object.keys(nodeTable).sort()).to.deep.equal(Object.keys(service).sort());
  });

  it("asks no agent: the node has nothing to ask with", async () => {
    const packages = await buildBundle(scratch("node.mjs"), join(project, "src/commands/node.ts"));
    expect(packages).to.include("node_modules/@grpc/grpc-js");
    expect(packages).not.to.include("node_modules/axios");
  });
});
