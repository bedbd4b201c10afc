import { mkdir, open, readFile, rm, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { expect } from "chai";
import { readLoopDevice } from "../../src/kit/loop-devices.ts";
import { readMountTable } from "../../src/kit/mount-table.ts";
import { run } from "../../src/kit/run.ts";
import { nodeRig } from "../support/node-rig.ts";
import { nodeSystems, type SystemRig } from "../support/node-systems.ts";
import { refused } from "../support/refused.ts";

const isThere = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

for (const system of nodeSystems) {
  describe(`NodeUnpublishVolume and NodeUnstageVolume on ${system.name}`, () => {
    const rig = system.rig();
    let node: SystemRig["node"];
    let shownAt: SystemRig["shownAt"];
    before(() => ({ node, shownAt } = rig.get));

    const isMounted = async (path: string) => (await shownAt(path)).length > 0;

    async function published() {
      const volume = await node.volume();
      await node.stage(volume);
      await node.publish(volume);
      return volume;
    }

    it("unpublish takes the target away and leaves the other pods and the staged mount alone", async () => {
      const volume = await published();
      const other = `${volume.target}-other`;
      await node.publish(volume, {}, other);
      for (let i = 0; i < 2; i++) await node.unpublish(volume);
      expect(await isThere(volume.target)).to.equal(false);
      expect(await isMounted(other)).to.equal(true);
      expect(await isMounted(volume.staging)).to.equal(true);
    });

    it("unpublish removes an empty directory or file that an earlier call left unmounted", async () => {
      const volume = await node.volume();
      await mkdir(node.local.path("left"));
      await writeFile(node.local.path("left-file"), "");
      for (const name of ["left", "left-file"]) {
        await node.unpublish(volume, node.local.path(name));
        expect(await isThere(node.local.path(name))).to.equal(false);
      }
    });

    it("unpublish keeps what is not empty and not mounted, and says so", async () => {
      const volume = await node.volume();
      const directory = node.local.path("full");
      await mkdir(directory);
      await writeFile(join(directory, "precious"), "data");
      await refused(node.unpublish(volume, directory), "FAILED_PRECONDITION", "not empty");
      await refused(node.unpublish(volume, join(directory, "precious")), "FAILED_PRECONDITION", "left alone");
      expect(await readFile(join(directory, "precious"), "utf8")).to.equal("data");
    });

    it("both refuse a path that has another volume, and leave it mounted", async () => {
      const [volume, other] = [await published(), await published()];
      await refused(node.unpublish(volume, other.target), "FAILED_PRECONDITION", other.id);
      await refused(node.unstage(volume, other.staging), "FAILED_PRECONDITION", other.id);
      expect(await isMounted(other.target)).to.equal(true);
      expect(await isMounted(other.staging)).to.equal(true);
    });

    it("both succeed where nothing is, also for a volume that was never here", async () => {
      const volume = await node.volume();
      await node.unpublish(volume);
      await node.unstage(volume);
      await node.detach(volume);
      await node.unpublish(volume);
      await node.unstage(volume);
    });
  });
}

describe("NodeUnpublishVolume and NodeUnstageVolume, by the mount table", () => {
  const node = nodeRig();

  const isMounted = async (path: string) =>
    (await readMountTable()).some(({ mountPoint }) => mountPoint === path);
  async function published() {
    const volume = await node.volume();
    await node.stage(volume);
    await node.publish(volume);
    return volume;
  }

  it("unpublish takes the file of a raw block volume away", async () => {
    const volume = await node.volume();
    await node.publish(volume, { access: "block" });
    await node.unpublish(volume);
    expect(await isThere(volume.target)).to.equal(false);
    expect(await isThere(volume.device)).to.equal(true);
    await node.detach(volume);
  });

  it("unpublish refuses a symbolic link, whatever it leads to", async () => {
    const volume = await published();
    await run("ln", ["-s", volume.target, node.local.path("symlink")]);
    await refused(node.unpublish(volume, node.local.path("symlink")), "FAILED_PRECONDITION", "left alone");
    expect(await isMounted(volume.target)).to.equal(true);
  });

  it("both refuse a mount that is no volume, and leave it mounted", async () => {
    const volume = await node.volume();
    const directory = node.local.path("tmpfs");
    await mkdir(directory);
    await run("mount", ["-t", "tmpfs", "none", directory]);
    await refused(node.unpublish(volume, directory), "FAILED_PRECONDITION", "left alone");
    await refused(node.unstage(volume, directory), "FAILED_PRECONDITION", "left alone");
    expect(await isMounted(directory)).to.equal(true);
    await run("umount", [directory]);
  });

  it("unstage keeps the directory, and takes away all that is stacked on it", async () => {
    const volume = await node.volume();
    await node.stage(volume);
    await run("mount", ["--bind", volume.staging, volume.staging]);
    for (let i = 0; i < 2; i++) await node.unstage(volume);
    expect(await isMounted(volume.staging)).to.equal(false);
    expect((await stat(volume.staging)).isDirectory()).to.equal(true);
    await node.detach(volume);
  });

  it("unstage refuses a mount in use rather than making it lazy", async () => {
    const volume = await node.volume();
    await node.stage(volume);
    const file = await open(join(volume.staging, "file"), "w");
    await refused(node.unstage(volume), "FAILED_PRECONDITION", "umount");
    await file.writeFile("still here");
    await file.close();
    expect(await readFile(join(volume.staging, "file"), "utf8")).to.equal("still here");
    await node.unstage(volume);
  });

  it("both let a volume go whose disk was deleted under it", async () => {
    const volume = await published();
    const { path } = await node.local.engine.getVolume(volume.id, node.call());
    await rm(path);
    await rm(volume.publishContext["backingFile"]!);
    expect(readLoopDevice(basename(volume.device))?.backingFile).to.match(/ \(deleted\)$/);
    const { bytes, condition } = await node.stats(volume, volume.target);
    expect(bytes).to.equal(undefined);
    expect(condition?.abnormal).to.equal(true);
    await node.unpublish(volume);
    await node.unstage(volume);
    expect(await isMounted(volume.staging)).to.equal(false);
    await run("losetup", ["--detach", volume.device]);
  });

  it("each leave the other staged path of a volume that is staged on two", async () => {
    const volume = await node.volume();
    const second = `${volume.staging}-second`;
    await node.stage(volume);
    await node.stage(volume, {}, second);
    await writeFile(join(volume.staging, "file"), "one file system");
    expect(await readFile(join(second, "file"), "utf8")).to.equal("one file system");
    await node.unstage(volume);
    expect(await isMounted(second)).to.equal(true);
    await node.unstage(volume, second);
    await node.detach(volume);
  });

  it("a detach is refused until the volume is unpublished and unstaged", async () => {
    const volume = await published();
    await refused(node.detach(volume), "FAILED_PRECONDITION", "mounted on");
    await node.unpublish(volume);
    await refused(node.detach(volume), "FAILED_PRECONDITION", "mounted on");
    await node.unstage(volume);
    await node.detach(volume);
  });
});
