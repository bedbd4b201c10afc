import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { linuxGuest } from "../../src/node/linux/linux-guest.ts";
import { MiB } from "../../src/kit/sizes.ts";
import { NodeRig, type AttachedVolume, type Use } from "../support/node-rig.ts";
import { vmbusRig } from "../support/vmbus-rig.ts";

/** The signs of a SCSI disk are read in a tree as real guests show it: no kernel here lets a test fail such a disk. */
describe("NodeGetVolumeHealth of a disk on a Hyper-V SCSI controller", () => {
  const rig = vmbusRig();
  const diskOf = (volume: AttachedVolume) => rig.get.disk(volume.id).name;
  const fail = (volume: AttachedVolume, commands: bigint) =>
    rig.get.kernel.tree.fail(diskOf(volume), commands);
  const reasons = async (volume: AttachedVolume, node = rig.get.node) =>
    (await node.health(volume)).map(({ status, reason }) => `${String(status)} ${String(reason)}`);

  async function published(use: Use = {}): Promise<AttachedVolume> {
    const { node } = rig.get;
    const volume = await node.volume();
    await node.stage(volume, use);
    await node.publish(volume, use);
    return volume;
  }

  for (const access of ["mount", "block"] as const) {
    describe(`used as a ${access} volume`, () => {
      it("sees in what state the kernel has the disk, and that it runs again", async () => {
        const volume = await published({ access });
        const state = (text: string) =>
          writeFile(
            join(rig.get.kernel.tree.roots.sys, "block", diskOf(volume), "device/state"),
            `${text}\n`,
          );
        expect(await reasons(volume)).to.deep.equal([]);
        for (const text of ["offline", "transport-offline", "blocked", "quiesce", "cancel"]) {
          await state(text);
          const [found, ...others] = await rig.get.node.health(volume);
          expect(others).to.deep.equal([]);
          expect(found).to.deep.equal({
            status: "INACCESSIBLE",
            reason: "DiskOffline",
            message: `the kernel says that disk ${diskOf(volume)} is ${text}`,
          });
        }
        await state("running");
        expect(await reasons(volume)).to.deep.equal([]);
      });

      it("counts the commands that failed since the disk was first seen", async () => {
        const volume = await published({ access });
        expect(await reasons(volume)).to.deep.equal([]);
        await fail(volume, 1n);
        expect(await reasons(volume)).to.deep.equal(["DEGRADED DiskErrors"]);
        await fail(volume, 16n);
        expect((await rig.get.node.health(volume))[0]?.message).to.include("first saw it: 17;");
        const { condition } = await rig.get.node.stats(volume, volume.target);
        expect(condition?.abnormal).to.equal(true);
      });
    });
  }

  it("counts from the stage on, not from the first question", async () => {
    const volume = await published();
    await fail(volume, 2n);
    expect(await reasons(volume)).to.deep.equal(["DEGRADED DiskErrors"]);
  });

  it("holds nothing against a disk that failed before this process first saw it", async () => {
    const volume = await published();
    await fail(volume, 5n);
    expect(await reasons(volume)).to.deep.equal(["DEGRADED DiskErrors"]);
    const restarted = new NodeRig(rig.get.node.local, linuxGuest(rig.get.vm));
    expect(await reasons(volume, restarted)).to.deep.equal([]);
    await fail(volume, 1n);
    expect((await restarted.health(volume))[0]?.message).to.include("first saw it: 1;");
  });

  it("holds nothing against a disk that our own rescans or a new size made fail", async () => {
    const { node } = rig.get;
    const use = { access: "block" } as const;
    const volume = await published(use);
    const rescans = () => rig.get.kernel.told.filter((told) => told === `${diskOf(volume)}/rescan=1`).length;
    const before = rescans();
    await node.publish(volume, use);
    expect(rescans()).to.equal(before + 1);
    expect(await reasons(volume)).to.deep.equal([]);
    await fail(volume, 3n);
    await node.publish(volume, use);
    expect((await node.health(volume))[0]?.message).to.include("first saw it: 3;");
    await node.grow(volume, 32n * MiB);
    await fail(volume, 1n);
    await node.expand(volume, volume.target, 32n * MiB);
    expect(await reasons(volume)).to.deep.equal([]);
  });

  it("begins anew for a disk that was let go and came back under the same name", async () => {
    const { node } = rig.get;
    const volume = await published();
    await fail(volume, 2n);
    await node.unpublish(volume);
    await node.unstage(volume);
    await node.stage(volume);
    await node.publish(volume);
    expect(await reasons(volume)).to.deep.equal([]);
  });

  it("takes a count that can't be read for none", async () => {
    const volume = await published();
    const count = join(rig.get.kernel.tree.roots.sys, "block", diskOf(volume), "device/ioerr_cnt");
    for (const text of ["", "7", "0x", "0xz", "-0x1", `0x${"f".repeat(17)}`]) {
      await writeFile(count, text);
      expect(await reasons(volume), text).to.deep.equal([]);
    }
  });

  it("sees a disk that was pulled out, and nothing else of it", async () => {
    const volume = await published();
    await fail(volume, 1n);
    await rig.get.kernel.pull(rig.get.disk(volume.id));
    expect(await reasons(volume)).to.deep.equal(["INACCESSIBLE DiskGone"]);
  });

  it("sees that the disk under the mount names itself as another volume's", async () => {
    const [volume, other] = [await published(), await published()];
    const [found] = await rig.get.node.health({ ...volume, staging: other.staging, target: other.target });
    expect([found?.status, found?.reason]).to.deep.equal(["INACCESSIBLE", "OtherDiskMounted"]);
    expect(found?.message).to.include(diskOf(other));
  });
});
