import { rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { expect } from "chai";
import { run } from "../../src/kit/run.ts";
import { linkOf } from "../support/local-rig.ts";
import { nodeRig, type AttachedVolume, type NodeRig } from "../support/node-rig.ts";
import { nodeSystems, type SystemRig } from "../support/node-systems.ts";
import { refused } from "../support/refused.ts";

async function reasonsOf(node: NodeRig, volume: AttachedVolume, staging?: string, publish?: string) {
  const found = await node.health(volume, staging, publish);
  return found.map(({ status, reason }) => `${String(status)} ${String(reason)}`);
}

for (const system of nodeSystems) {
  describe(`NodeGetVolumeHealth on ${system.name}`, () => {
    const rig = system.rig();
    let node: SystemRig["node"];
    before(() => ({ node } = rig.get));
    const reasons = (volume: AttachedVolume, staging?: string, publish?: string) =>
      reasonsOf(node, volume, staging, publish);

    for (const [fsType, size] of system.fileSystems) {
      it(`finds nothing wrong with a sound ${fsType}, writable or read by a pod`, async () => {
        const volume = await node.volume(size);
        await node.stage(volume, { fsType });
        await node.publish(volume, { readOnly: true });
        expect(await node.health(volume)).to.deep.equal([]);
      });
    }

    it("does not take a volume that was staged read-only for a broken one", async () => {
      const volume = await node.volume();
      await node.stage(volume);
      await node.unstage(volume);
      await node.stage(volume, { mode: "SINGLE_NODE_READER_ONLY" });
      expect(await node.health(volume, undefined, "")).to.deep.equal([]);
    });

    it("sees that the volume is not mounted where it should be, once for both paths", async () => {
      const volume = await node.volume();
      expect(await reasons(volume)).to.deep.equal(["INACCESSIBLE NotMounted"]);
      await node.stage(volume);
      expect(await reasons(volume)).to.deep.equal(["INACCESSIBLE NotMounted"]);
      expect(await reasons(volume, undefined, "")).to.deep.equal([]);
    });

    it("sees another volume in its place", async () => {
      const [volume, other] = [await node.volume(), await node.volume()];
      await node.stage(other);
      expect(await reasons(volume, other.staging, "")).to.deep.equal(["INACCESSIBLE OtherDiskMounted"]);
    });

    it("takes no lock: it answers while the volume is being changed", async () => {
      const volume = await node.volume();
      await node.stage(volume);
      const gate = Promise.withResolvers<undefined>();
      const change = node.parts.locks.runNow(`volume ${volume.id}`, "a change", () => gate.promise);
      expect(await node.health(volume, undefined, "")).to.deep.equal([]);
      gate.resolve(undefined);
      await change;
    });

    it("is of a volume, on absolute paths", async () => {
      const volume = await node.volume();
      await refused(node.health({ ...volume, handle: "" }), "INVALID_ARGUMENT", "volume_id");
      await refused(node.health({ ...volume, handle: "no-handle" }), "NOT_FOUND", "no-handle");
      await refused(node.health(volume, "relative"), "INVALID_ARGUMENT", "staging_target_path");
    });
  });
}

describe("NodeGetVolumeHealth, by what Linux tells", () => {
  const node = nodeRig();
  const reasons = (volume: AttachedVolume, staging?: string, publish?: string) =>
    reasonsOf(node, volume, staging, publish);

  it("finds nothing wrong with a raw block volume", async () => {
    const volume = await node.volume();
    await node.publish(volume, { access: "block" });
    for (const staging of ["", volume.staging]) expect(await node.health(volume, staging)).to.deep.equal([]);
  });

  it("sees an ext4 that an error made read-only, and the errors it has counted", async () => {
    const volume = await node.volume(64n << 20n);
    await node.stage(volume, { fsType: "ext4", flags: ["errors=remount-ro"] });
    // The kernel's own way to strike an error: it goes through all that a real one does.
    await writeFile(join("/sys/fs/ext4", basename(volume.device), "trigger_fs_error"), "test");
    const found = await node.health(volume, undefined, "");
    expect(found.map(({ status, reason }) => [status, reason])).to.deep.equal([
      ["DEGRADED", "FileSystemReadOnly"],
      ["DEGRADED", "FileSystemErrors"],
    ]);
    expect(found[1]!.message).to.match(/counted errors: \d+ since 20\d\d-.*the last at 20\d\d-/);
  });

  it("has nothing more to tell of an ext4 that was checked at its next stage", async () => {
    const volume = await node.volume(64n << 20n);
    await node.stage(volume, { fsType: "ext4" });
    await writeFile(join("/sys/fs/ext4", basename(volume.device), "trigger_fs_error"), "test");
    expect(await reasons(volume, undefined, "")).to.deep.equal(["DEGRADED FileSystemErrors"]);
    await node.unstage(volume);
    await node.stage(volume);
    expect(await reasons(volume, undefined, "")).to.deep.equal([]);
  });

  it("sees that an xfs was shut down", async () => {
    const volume = await node.volume(320n << 20n);
    await node.stage(volume, { fsType: "xfs" });
    await run("xfs_io", ["-x", "-c", "shutdown", volume.staging]);
    expect(await reasons(volume, undefined, "")).to.include("INACCESSIBLE FileSystemFails");
  });

  it("sees a disk that was pulled from under its mount", async () => {
    const volume = await node.volume();
    await node.stage(volume);
    await rm(linkOf(node.local, node.local.vms[0].id, volume.id));
    expect(await reasons(volume, undefined, "")).to.deep.equal(["INACCESSIBLE DiskGone"]);
  });
});
