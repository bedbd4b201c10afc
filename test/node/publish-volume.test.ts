import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { readMountTable } from "../../src/kit/mount-table.ts";
import { run } from "../../src/kit/run.ts";
import { nodeRig, NodeRig } from "../support/node-rig.ts";
import { nodeSystems, type SystemRig } from "../support/node-systems.ts";
import { refused } from "../support/refused.ts";

for (const system of nodeSystems) {
  describe(`NodePublishVolume on ${system.name}`, () => {
    const rig = system.rig();
    let node: SystemRig["node"];
    let shownAt: SystemRig["shownAt"];
    before(() => ({ node, shownAt } = rig.get));

    async function staged() {
      const volume = await node.volume();
      await node.stage(volume);
      return volume;
    }

    it("shows the staged directory to two pods, and once per path however often it is asked", async () => {
      const volume = await staged();
      const second = `${volume.target}-2`;
      for (const path of [volume.target, volume.target, second]) await node.publish(volume, {}, path);
      expect(await shownAt(volume.target)).to.have.length(1);
      await writeFile(join(volume.target, "file"), "shared");
      expect(await readFile(join(second, "file"), "utf8")).to.equal("shared");
    });

    it("refuses a volume that is not staged, or staged elsewhere", async () => {
      const [volume, other] = [await node.volume(), await staged()];
      await refused(node.publish(volume), "FAILED_PRECONDITION", "not staged");
      await refused(
        node.publish(volume, {}, volume.target, ""),
        "FAILED_PRECONDITION",
        "staging_target_path",
      );
      await refused(
        node.publish(volume, {}, volume.target, other.staging),
        "FAILED_PRECONDITION",
        "not staged",
      );
      expect(await shownAt(volume.target)).to.deep.equal([]);
    });

    it("refuses a target where another volume is", async () => {
      const [volume, other] = [await staged(), await staged()];
      await node.publish(other);
      await refused(node.publish(volume, {}, other.target), "FAILED_PRECONDITION", "another volume");
      expect(await shownAt(other.target)).to.deep.equal(await shownAt(other.staging));
    });
  });
}

describe("NodePublishVolume, by the mount table", () => {
  const node = nodeRig();

  const mountsAt = async (path: string) =>
    (await readMountTable()).filter(({ mountPoint }) => mountPoint === path);

  async function staged() {
    const volume = await node.volume();
    await node.stage(volume);
    return volume;
  }

  it("shows it read-only to a pod that only reads, while another pod writes", async () => {
    const volume = await staged();
    const reader = `${volume.target}-reader`;
    for (let i = 0; i < 2; i++) await node.publish(volume, { readOnly: true }, reader);
    await node.publish(volume);
    await writeFile(join(volume.target, "file"), "written");
    expect(await readFile(join(reader, "file"), "utf8")).to.equal("written");
    const error = await writeFile(join(reader, "file"), "x").catch((thrown: unknown) => thrown);
    expect(error).to.include({ code: "EROFS" });
  });

  it("keeps the staged mount's flags on a read-only path", async () => {
    const volume = await node.volume();
    await node.stage(volume, { flags: ["nosuid", "nodev", "noexec"] });
    await node.publish(volume, { readOnly: true });
    expect((await mountsAt(volume.target))[0]?.options).to.include.members([
      "ro",
      "nosuid",
      "nodev",
      "noexec",
    ]);
  });

  it("answers the same again for a volume that is mounted read-only", async () => {
    const volume = await staged();
    await node.unstage(volume);
    await node.detach(volume);
    const again = await node.attach(volume.id, true);
    await node.stage(again);
    for (let i = 0; i < 2; i++) await node.publish(again);
    expect(await mountsAt(volume.target)).to.have.length(1);
  });

  it("shows the device itself of a raw block volume", async () => {
    const volume = await node.volume();
    await node.stage(volume, { access: "block" });
    for (let i = 0; i < 2; i++) await node.publish(volume, { access: "block" });
    const [target, device] = [await stat(volume.target), await stat(volume.device)];
    expect(target.isBlockDevice()).to.equal(true);
    expect(target.rdev).to.equal(device.rdev);
    expect(await mountsAt(volume.target)).to.have.length(1);
  });

  it("shows a raw block volume to a pod that only reads, beside one that writes", async () => {
    const volume = await node.volume();
    const reader = `${volume.target}-reader`;
    await node.publish(volume, { access: "block" });
    for (let i = 0; i < 2; i++) await node.publish(volume, { access: "block", readOnly: true }, reader);
    expect((await stat(reader)).rdev).to.equal((await stat(volume.device)).rdev);
    expect(await mountsAt(reader)).to.have.length(1);
  });

  it("shows a raw block volume of an access mode that only reads when it is attached so", async () => {
    const volume = await node.volume();
    const use = { access: "block", mode: "SINGLE_NODE_READER_ONLY" } as const;
    await refused(node.publish(volume, use), "FAILED_PRECONDITION", "attached writable");
    await node.detach(volume);
    const again = await node.attach(volume.id, true);
    await node.publish(again, use);
    const error = await writeFile(volume.target, "x", { flag: "r+" }).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(Error);
  });

  it("answers ALREADY_EXISTS for the same volume in another way", async () => {
    const volume = await staged();
    await node.publish(volume);
    await refused(node.publish(volume, { readOnly: true }), "ALREADY_EXISTS");
    await refused(node.publish(volume, { mode: "SINGLE_NODE_READER_ONLY" }), "ALREADY_EXISTS");
    await refused(node.publish(volume, { access: "block" }), "ALREADY_EXISTS");
  });

  describe("when an earlier plugin was killed", () => {
    const restarted = () => new NodeRig(node.local);

    it("makes what it bound and did not come to make read-only read-only", async () => {
      const volume = await staged();
      await mkdir(volume.target, { recursive: true });
      await run("mount", ["--bind", volume.staging, volume.target]);
      for (let i = 0; i < 2; i++) await node.publish(volume, { readOnly: true });
      const [mount, ...others] = await mountsAt(volume.target);
      expect(others).to.deep.equal([]);
      expect(mount?.options).to.include("ro");
      const [own] = await mountsAt(volume.staging);
      expect(own?.options).to.include("rw");
      expect(own?.superOptions).to.include("rw");
    });

    it("makes nothing writable that is read-only", async () => {
      const volume = await staged();
      await node.publish(volume, { readOnly: true });
      for (const each of [node, restarted()]) await refused(each.publish(volume), "ALREADY_EXISTS");
      expect((await mountsAt(volume.target))[0]?.options).to.include("ro");
    });

    it("leaves writable what it was asked for writable, once it was asked again", async () => {
      const volume = await staged();
      await node.publish(volume);
      const again = restarted();
      await again.publish(volume);
      await refused(again.publish(volume, { readOnly: true }), "ALREADY_EXISTS");
      expect((await mountsAt(volume.target))[0]?.options).to.include("rw");
    });
  });

  it("finishes on a path that showed the volume writable before, too", async () => {
    const volume = await staged();
    await node.publish(volume);
    await node.unpublish(volume);
    await mkdir(volume.target, { recursive: true });
    await run("mount", ["--bind", volume.staging, volume.target]);
    await node.publish(volume, { readOnly: true });
    expect((await mountsAt(volume.target))[0]?.options).to.include("ro");
  });

  it("takes an empty target of its kind, and refuses what it would hide", async () => {
    const volume = await staged();
    const place = (name: string) => node.local.path(`${name}-${volume.id}`);
    for (const name of ["empty", "full"]) await mkdir(place(name));
    for (const file of [place("file"), join(place("full"), "precious")]) await writeFile(file, "");
    await run("ln", ["-s", place("empty"), place("symlink")]);

    await node.publish(volume, {}, place("empty"));
    expect(await mountsAt(place("empty"))).to.have.length(1);
    for (const name of ["full", "file", "symlink"]) {
      await refused(node.publish(volume, {}, place(name)), "FAILED_PRECONDITION", place(name));
    }
    const block = { access: "block" } as const;
    await refused(node.publish(volume, block, place("full")), "FAILED_PRECONDITION", "precious");
    await writeFile(place("file"), "data");
    await refused(node.publish(volume, block, place("file")), "FAILED_PRECONDITION", "empty file");
    expect(await readFile(place("file"), "utf8")).to.equal("data");
    await writeFile(place("file"), "");
    await node.publish(volume, block, place("file"));
  });
});
