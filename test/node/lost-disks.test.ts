import { mkdir, readFile, writeFile, readlink, symlink } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { readMountTable } from "../../src/kit/mount-table.ts";
import { run } from "../../src/kit/run.ts";
import type { AttachedVolume } from "../support/node-rig.ts";
import { refused } from "../support/refused.ts";
import { vmbusRig } from "../support/vmbus-rig.ts";
import { windowsRig } from "../support/windows-rig.ts";

describe("a volume whose disk was pulled from under its mounts and attached again, on Linux", () => {
  const rig = vmbusRig();
  let letter = "q".charCodeAt(0);

  const sourcesAt = async (path: string) =>
    (await readMountTable()).filter(({ mountPoint }) => mountPoint === path).map(({ source }) => source);
  const pull = (volume: AttachedVolume) => rig.get.kernel.pull(rig.get.disk(volume.id));

  /** The disk is back at its address under another name and number, as long as the old mount keeps the old ones. */
  async function attachAgain(volume: AttachedVolume): Promise<string> {
    const through = await run("losetup", ["--find", "--show", volume.device]);
    const name = `sd${String.fromCharCode(letter++)}`;
    await rig.get.kernel.plug({ ...rig.get.disk(volume.id), name, through });
    return join(rig.get.kernel.tree.roots.dev, name);
  }

  async function staged(): Promise<AttachedVolume> {
    const volume = await rig.get.node.volume();
    await rig.get.node.stage(volume);
    await writeFile(join(volume.staging, "file"), "kept");
    await run("sync", ["--file-system", volume.staging]);
    return volume;
  }

  it("is staged anew in the place of the dead mount", async () => {
    const { node } = rig.get;
    const volume = await staged();
    await pull(volume);
    const device = await attachAgain(volume);
    for (let again = 0; again < 2; again++) await node.stage(volume);
    expect(await sourcesAt(volume.staging)).to.deep.equal([device]);
    expect(await readFile(join(volume.staging, "file"), "utf8")).to.equal("kept");
  });

  it("is not staged while a pod's path still shows the dead mount, which the error names", async () => {
    const { node } = rig.get;
    const volume = await staged();
    await node.publish(volume);
    await pull(volume);
    const device = await attachAgain(volume);
    await refused(node.stage(volume), "FAILED_PRECONDITION", volume.target);
    expect(await sourcesAt(volume.staging)).to.have.length(1);
    await node.unpublish(volume);
    await node.stage(volume);
    expect(await sourcesAt(volume.staging)).to.deep.equal([device]);
  });

  it("is published anew in the place of a dead mount", async () => {
    const { node } = rig.get;
    const volume = await staged();
    await node.publish(volume);
    await pull(volume);
    await run("umount", [volume.staging]);
    const device = await attachAgain(volume);
    await node.stage(volume);
    for (let again = 0; again < 2; again++) await node.publish(volume);
    expect(await sourcesAt(volume.target)).to.deep.equal([device]);
  });

  it("leaves another volume's mount and one of no disk alone", async () => {
    const { node } = rig.get;
    const [volume, other] = [await staged(), await staged()];
    const tmpfs = node.local.path("tmpfs");
    await mkdir(tmpfs);
    await run("mount", ["-t", "tmpfs", "none", tmpfs]);
    for (const path of [other.staging, tmpfs]) {
      const before = await sourcesAt(path);
      await refused(node.stage(volume, {}, path), "FAILED_PRECONDITION", "another volume");
      await refused(node.publish(volume, {}, path), "FAILED_PRECONDITION", "another volume");
      expect(await sourcesAt(path)).to.deep.equal(before);
    }
  });
});

describe("a volume whose disk was pulled from under its mounts and attached again, on Windows", () => {
  const rig = windowsRig();

  it("is staged and published anew in the place of what leads nowhere", async () => {
    const { node } = rig.get;
    const volume = await node.volume();
    await node.stage(volume);
    await node.publish(volume);
    await writeFile(join(volume.target, "file"), "kept");
    await node.detach(volume);
    const back = await node.attach(volume.id);
    await node.stage(back);
    await node.publish(back);
    expect(await readFile(join(volume.target, "file"), "utf8")).to.equal("kept");
  });

  it("leaves a link alone that leads to something, wherever that is told from", async () => {
    const { node } = rig.get;
    const volume = await node.volume();
    const there = node.local.path("there");
    await mkdir(join(there, "held"), { recursive: true });
    const link = node.local.path("link");
    await symlink("there", link);
    await refused(node.stage(volume, {}, link), "FAILED_PRECONDITION", "is a link to");
    expect(await readlink(link)).to.equal("there");
  });
});
