import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { readMountTable } from "../../src/kit/mount-table.ts";
import { run } from "../../src/kit/run.ts";
import { MiB } from "../../src/kit/sizes.ts";
import { checksum } from "../support/device-bytes.ts";
import type { AttachedVolume } from "../support/node-rig.ts";
import { refused } from "../support/refused.ts";
import { vmbusRig } from "../support/vmbus-rig.ts";

describe("a volume's life on a Hyper-V SCSI controller", () => {
  const rig = vmbusRig();
  const inKernel = (volume: AttachedVolume) =>
    existsSync(join(rig.get.kernel.tree.roots.sys, "block", rig.get.disk(volume.id).name));
  const sourceAt = async (path: string) =>
    (await readMountTable()).findLast(({ mountPoint }) => mountPoint === path)?.source;

  for (const fsType of ["xfs", "btrfs", "ext4"]) {
    it(`stages, publishes and unstages ${fsType}, and its disk is gone from the kernel before the detach`, async () => {
      const { node, kernel } = rig.get;
      const volume = await node.volume(320n * MiB);
      const device = rig.get.device(volume.id);
      for (let again = 0; again < 2; again++) await node.stage(volume, { fsType });
      expect(await sourceAt(volume.staging)).to.equal(device);
      await writeFile(join(volume.staging, "file"), fsType);
      for (let again = 0; again < 2; again++) await node.publish(volume);
      expect(await readFile(join(volume.target, "file"), "utf8")).to.equal(fsType);
      expect((await node.stats(volume, volume.target)).bytes?.total).to.be.greaterThan(0);
      for (let again = 0; again < 2; again++) await node.unpublish(volume);
      expect(inKernel(volume)).to.equal(true);
      for (let again = 0; again < 2; again++) await node.unstage(volume);
      expect(inKernel(volume)).to.equal(false);
      expect(kernel.told.at(-1)).to.equal(`${rig.get.disk(volume.id).name}/delete=1`);
      await node.detach(volume);
    });
  }

  it("brings a disk back that was let go, when the volume is staged again without a detach", async () => {
    const { node, kernel } = rig.get;
    const volume = await node.volume();
    await node.stage(volume);
    await writeFile(join(volume.staging, "file"), "kept");
    await node.unstage(volume);
    await node.stage(volume);
    expect(await readFile(join(volume.staging, "file"), "utf8")).to.equal("kept");
    const { at } = rig.get.disk(volume.id);
    expect(kernel.told).to.include(`host${at.host}/scan=0 0 ${at.lun}`);
  });

  it("finds a disk that the kernel has not noticed", async () => {
    rig.get.unseen = true;
    const volume = await rig.get.node.volume();
    rig.get.unseen = false;
    await rig.get.node.stage(volume);
    expect(await sourceAt(volume.staging)).to.equal(rig.get.device(volume.id));
  });

  it("sees the size that the host gave the disk while it is mounted", async () => {
    const { node } = rig.get;
    const volume = await node.volume(320n * MiB);
    await node.stage(volume, { fsType: "xfs" });
    await refused(node.expand(volume, volume.staging, 640n * MiB), "UNAVAILABLE", "has not grown it");
    await node.grow(volume, 640n * MiB);
    expect(await node.expand(volume, volume.staging, 640n * MiB)).to.deep.equal({
      capacity_bytes: String(640n * MiB),
    });
    expect((await node.stats(volume, volume.staging)).bytes?.total).to.be.greaterThan(500 * 1024 * 1024);
  });

  it("shows the device itself, lets it go only when no pod has it, and writes nothing to it", async () => {
    const { node } = rig.get;
    const volume = await node.volume();
    const before = await checksum(volume.device);
    await node.stage(volume, { access: "block" });
    for (let again = 0; again < 2; again++) await node.publish(volume, { access: "block" });
    await refused(node.unstage(volume), "FAILED_PRECONDITION", "in use");
    expect(inKernel(volume)).to.equal(true);
    expect(await checksum(volume.device)).to.equal(before);
    await node.grow(volume, 64n * MiB);
    await node.expand(volume, volume.target, 64n * MiB);
    expect((await node.stats(volume, volume.target)).bytes?.total).to.equal(64 * 1024 * 1024);
    await node.unpublish(volume);
    await node.unstage(volume);
    expect(inKernel(volume)).to.equal(false);
  });

  it("mounts read-only what is attached read-only", async () => {
    const { node } = rig.get;
    const volume = await node.volume();
    await node.stage(volume);
    await node.unstage(volume);
    await node.detach(volume);
    const again = await node.attach(volume.id, true);
    await node.stage(again);
    const error = await writeFile(join(again.staging, "file"), "").catch((thrown: unknown) => thrown);
    expect(error).to.include({ code: "EROFS" });
  });

  it("keeps a disk in the kernel that is mounted elsewhere, also out of sight", async () => {
    const { node } = rig.get;
    const volume = await node.volume();
    await node.stage(volume);
    const elsewhere = node.local.path("elsewhere");
    await run("mkdir", ["-p", elsewhere]);
    await run("mount", [rig.get.device(volume.id), elsewhere]);
    await refused(node.unstage(volume), "FAILED_PRECONDITION", elsewhere);
    expect(inKernel(volume)).to.equal(true);
    await run("umount", [elsewhere]);
    await node.unstage(volume);
    expect(inKernel(volume)).to.equal(false);
  });

  it("lets go of a mount whose disk was pulled out", async () => {
    const { node, kernel } = rig.get;
    const volume = await node.volume();
    await node.stage(volume);
    await node.publish(volume);
    await kernel.pull(rig.get.disk(volume.id));
    await node.unpublish(volume);
    await node.unstage(volume);
    expect(await sourceAt(volume.staging)).to.equal(undefined);
  });
});
