import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { StatusError } from "../../src/kit/errors.ts";
import type { Guest } from "../../src/node/guest.ts";
import { mountAt } from "../../src/node/linux/mounts.ts";
import { NodeRig, nodeRig } from "../support/node-rig.ts";
import { nodeSystems, type SystemRig } from "../support/node-systems.ts";
import { refused } from "../support/refused.ts";

const fails = (message: string) => () => Promise.reject(new StatusError("INTERNAL", message));

for (const system of nodeSystems) {
  describe(`NodeStageVolume that fails after its mount, on ${system.name}`, () => {
    const rig = system.rig();
    let node: SystemRig["node"];
    let shownAt: SystemRig["shownAt"];
    before(() => ({ node, shownAt } = rig.get));

    /** The node, on which a growth is due and fails. */
    const failing = (changes: Partial<Guest> = {}) =>
      new NodeRig(node.local, {
        ...node.parts.guest,
        isSmallerThanDisk: () => Promise.resolve(true),
        growMounted: fails("the growth failed"),
        ...changes,
      });

    it("leaves nothing mounted, as nobody would unstage it, and is good when it is repeated", async () => {
      const volume = await node.volume();
      for (let again = 0; again < 2; again++) {
        await refused(failing().stage(volume), "INTERNAL", "the growth failed");
        expect(await shownAt(volume.staging)).to.deep.equal([]);
      }
      await node.stage(volume);
      expect(await shownAt(volume.staging)).to.have.length(1);
    });

    it("leaves what was staged before where it is", async () => {
      const volume = await node.volume();
      await node.stage(volume);
      await writeFile(join(volume.staging, "file"), "in use");
      await refused(failing().stage(volume), "INTERNAL", "the growth failed");
      expect(await readFile(join(volume.staging, "file"), "utf8")).to.equal("in use");
    });

    it("tells what failed first when the mount can't be taken away either", async () => {
      const volume = await node.volume();
      const stuck = failing({ unmount: fails("the unmount failed") });
      await refused(stuck.stage(volume), "INTERNAL", "the growth failed");
      expect(await shownAt(volume.staging)).to.have.length(1);
    });
  });
}

describe("NodeStageVolume of an encrypted volume that fails after its mount", () => {
  const node = nodeRig();

  it("unmounts before it locks: what is mounted stays unlocked", async () => {
    const volume = await node.volume();
    const { guest } = node.parts;
    const shownWhenLocked: boolean[] = [];
    // The kernel may have no device mapper: the disk stands for what is in it.
    const encryption: Guest["encryption"] = {
      ...guest.encryption,
      requireMapper: () => undefined,
      initialise: () => Promise.resolve(),
      unlock: (disk) => Promise.resolve({ ...disk, neverUsed: true }),
      markUsed: () => Promise.resolve(),
      lock: async () => void shownWhenLocked.push((await mountAt(volume.staging)) !== undefined),
    };
    const failing = new NodeRig(node.local, {
      ...guest,
      encryption,
      formatUnlocked: (disk, fsType, options) => guest.format(disk, fsType, options),
      isSmallerThanDisk: fails("the growth failed"),
    });
    const secrets = { encryptionPassphrase: "secret" };
    await refused(
      failing.stage(volume, { secrets }, volume.staging, { encryption: "luks2" }),
      "INTERNAL",
      "the growth failed",
    );
    expect(shownWhenLocked).to.deep.equal([false]);
  });
});
