import { expect } from "chai";
import { KeyedLocks } from "../../src/kit/locks.ts";
import { exclusive } from "../../src/node/exclusive.ts";
import { context } from "../support/local-rig.ts";
import { nodeRig, type NodeRig } from "../support/node-rig.ts";
import { nodeSystems } from "../support/node-systems.ts";
import { refused } from "../support/refused.ts";

for (const system of nodeSystems) {
  describe(`node calls of one volume on ${system.name}`, () => {
    const rig = system.rig();
    let node: NodeRig;
    before(() => ({ node } = rig.get));

    const codesOf = (results: PromiseSettledResult<unknown>[]) =>
      results.map((result) =>
        result.status === "fulfilled" ? "OK" : (result.reason as { code: string }).code,
      );

    it("that come together: one runs, the others are ABORTED at once", async () => {
      const volume = await node.volume();
      const calls = [
        node.stage(volume),
        node.stage(volume),
        node.unstage(volume),
        node.publish(volume),
        node.unpublish(volume),
      ];
      const codes = codesOf(await Promise.allSettled(calls));
      expect(codes).to.deep.equal(["OK", "ABORTED", "ABORTED", "ABORTED", "ABORTED"]);
      await node.publish(volume);
      const after = await Promise.allSettled([
        node.expand(volume, volume.target, 0n),
        node.unpublish(volume),
      ]);
      expect(codesOf(after)).to.deep.equal(["OK", "ABORTED"]);
    });

    it("don't wait for calls of other volumes", async () => {
      const volumes = await Promise.all([node.volume(), node.volume(), node.volume()]);
      expect(codesOf(await Promise.allSettled(volumes.map((volume) => node.stage(volume))))).to.deep.equal([
        "OK",
        "OK",
        "OK",
      ]);
    });

    it("free the volume when they fail", async () => {
      const volume = await node.volume();
      await refused(node.stage(volume, {}, "/proc/self"), "FAILED_PRECONDITION");
      await node.stage(volume);
    });
  });
}

describe("node calls of one volume", () => {
  const node = nodeRig();

  it("run on when their caller hangs up, and hold the volume until their end", async () => {
    const parts = { ...node.parts, locks: new KeyedLocks() };
    const gone = new AbortController();
    let end: (() => void) | undefined;
    let ended = false;
    const work = async () => {
      await new Promise<void>((resolve) => (end = resolve));
      ended = true;
    };
    const call = (signal: AbortSignal) => ({ ...context(), deadline: 0, signal });
    const first = exclusive(parts, "NodeStageVolume", "v", call(gone.signal), work);
    gone.abort();
    await refused(first, "ABORTED", "still running");
    const second = () =>
      exclusive(parts, "NodeUnstageVolume", "v", call(context().signal), () => Promise.resolve("done"));
    await refused(second(), "ABORTED", "NodeStageVolume is running");
    end?.();
    await new Promise((resolve) => setImmediate(resolve));
    expect(ended).to.equal(true);
    expect(await second()).to.equal("done");
  });
});
