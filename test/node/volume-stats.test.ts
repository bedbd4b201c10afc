import { randomBytes } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { expect } from "chai";
import { MiB } from "../../src/kit/sizes.ts";
import { linkOf } from "../support/local-rig.ts";
import { nodeRig } from "../support/node-rig.ts";
import { nodeSystems, type SystemRig } from "../support/node-systems.ts";
import { refused } from "../support/refused.ts";

const SOUND = { abnormal: false, message: "nothing is wrong with the volume" };

for (const system of nodeSystems) {
  describe(`NodeGetVolumeStats on ${system.name}`, () => {
    const rig = system.rig();
    let node: SystemRig["node"];
    before(() => ({ node } = rig.get));

    for (const [fsType, size] of system.fileSystems) {
      it(`counts the bytes of ${fsType}, the same where it is staged and published`, async () => {
        const volume = await node.volume(size);
        await node.stage(volume, { fsType });
        await node.publish(volume);
        const { bytes, condition } = await node.stats(volume, volume.target);
        expect(bytes?.total).to.be.within(Number(size) * 0.5, Number(size));
        expect(bytes!.used + bytes!.available).to.be.at.most(bytes!.total);
        expect(condition).to.deep.equal(SOUND);
        const staged = await node.stats(volume, volume.staging);
        expect(staged.bytes).to.deep.equal(bytes);
      });
    }

    it("knows a volume only where it is", async () => {
      const [volume, other] = [await node.volume(), await node.volume()];
      await node.stage(volume);
      for (const path of ["/", "/proc", "relative", node.local.path("absent"), volume.target]) {
        await refused(node.stats(volume, path), "NOT_FOUND", path);
      }
      await refused(node.stats(other, volume.staging), "NOT_FOUND", other.id);
      await refused(node.stats({ ...volume, handle: "no-handle" }, volume.staging), "NOT_FOUND", "no-handle");
      await refused(node.stats({ ...volume, handle: "" }, volume.staging), "INVALID_ARGUMENT", "volume_id");
      await refused(node.stats(volume, ""), "INVALID_ARGUMENT", "volume_path");
    });
  });
}

describe("NodeGetVolumeStats, by what Linux tells", () => {
  const node = nodeRig();

  for (const [fsType, size] of [
    ["ext4", 64n * MiB],
    ["xfs", 320n * MiB],
  ] as const) {
    it(`counts the bytes and inodes of ${fsType}`, async () => {
      const volume = await node.volume(size);
      await node.stage(volume, { fsType });
      await node.publish(volume);
      const before = await node.stats(volume, volume.target);
      expect(before.bytes?.total).to.be.within(Number(size) * 0.5, Number(size));
      expect(before.bytes!.used + before.bytes!.available).to.be.at.most(before.bytes!.total);
      expect(before.inodes!.used + before.inodes!.available).to.equal(before.inodes!.total);

      for (const name of ["a", "b", "c"]) await mkdir(join(volume.target, name));
      await writeFile(join(volume.target, "file"), randomBytes(4 * 1024 * 1024), { flush: true });
      const after = await node.stats(volume, volume.target);
      expect(after.condition).to.deep.equal(SOUND);
      expect(after.bytes!.used - before.bytes!.used).to.be.within(4 * 1024 * 1024, 6 * 1024 * 1024);
      expect(after.inodes!.used - before.inodes!.used).to.equal(4);
      expect(await node.stats(volume, volume.staging)).to.deep.equal(after);
    });
  }

  it("leaves the inodes out where the file system counts none", async () => {
    const volume = await node.volume(128n * MiB);
    await node.stage(volume, { fsType: "btrfs" });
    const { bytes, inodes } = await node.stats(volume, volume.staging);
    expect(bytes?.total).to.equal(Number(128n * MiB));
    expect(inodes).to.equal(undefined);
  });

  it("gives the size of a raw block volume", async () => {
    const volume = await node.volume();
    await node.publish(volume, { access: "block" });
    const { bytes, inodes, condition } = await node.stats(volume, volume.target);
    expect(bytes?.total).to.equal(Number(16n * MiB));
    expect(inodes).to.equal(undefined);
    expect(condition).to.deep.equal(SOUND);
  });

  it("tells the numbers of an ext4 beside all that is wrong with it", async () => {
    const volume = await node.volume(64n * MiB);
    await node.stage(volume, { fsType: "ext4", flags: ["errors=remount-ro"] });
    await writeFile(join("/sys/fs/ext4", basename(volume.device), "trigger_fs_error"), "test");
    const { bytes, condition } = await node.stats(volume, volume.staging);
    expect(bytes?.total).to.be.above(0);
    expect(condition?.abnormal).to.equal(true);
    expect(condition?.message).to.match(/takes no more writes.*; .*has counted errors/);
  });

  it("tells what is wrong with a volume that has no numbers any more", async () => {
    const volume = await node.volume(320n * MiB);
    await node.stage(volume, { fsType: "xfs" });
    await rm(linkOf(node.local, node.local.vms[0].id, volume.id));
    const { condition } = await node.stats(volume, volume.staging);
    expect(condition?.abnormal).to.equal(true);
    expect(condition?.message).to.match(/disk loop\d+ .* is gone/);
  });
});
