import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { readMountTable } from "../../src/kit/mount-table.ts";
import { run } from "../../src/kit/run.ts";
import { MiB } from "../../src/kit/sizes.ts";
import { checksum } from "../support/device-bytes.ts";
import { nodeRig, type AttachedVolume } from "../support/node-rig.ts";
import { nodeSystems, type SystemRig } from "../support/node-systems.ts";
import { refused } from "../support/refused.ts";

const SIZES = { ext4: 16n * MiB, xfs: 320n * MiB, btrfs: 128n * MiB };

for (const system of nodeSystems) {
  describe(`NodeStageVolume on ${system.name}`, () => {
    const rig = system.rig();
    let node: SystemRig["node"];
    let shownAt: SystemRig["shownAt"];
    before(() => ({ node, shownAt } = rig.get));

    for (const [fsType, size] of system.fileSystems) {
      it(`makes ${fsType} on a blank disk once, and shows it again with its files`, async () => {
        const volume = await node.volume(size);
        await node.stage(volume, { fsType });
        await writeFile(join(volume.staging, "file"), fsType);

        await node.stage(volume, { fsType });
        expect(await shownAt(volume.staging)).to.have.length(1);
        await node.unstage(volume);
        expect(await shownAt(volume.staging)).to.have.length(0);
        await node.stage(volume, { fsType });
        expect(await readFile(join(volume.staging, "file"), "utf8")).to.equal(fsType);
      });
    }

    it("refuses the file system of another system's nodes, and leaves the disk blank", async () => {
      const others = nodeSystems.filter((each) => each !== system).flatMap(({ fileSystems }) => fileSystems);
      const volume = await node.volume();
      const before = await checksum(volume.device);
      for (const [fsType] of others) {
        await refused(node.stage(volume, { fsType }), "INVALID_ARGUMENT", system.name);
        await refused(node.stage(volume, {}, volume.staging, { fsType }), "INVALID_ARGUMENT", system.name);
      }
      expect(await checksum(volume.device)).to.equal(before);
    });

    it("makes the staging directory, or takes an empty one", async () => {
      const [absent, empty] = [await node.volume(), await node.volume()];
      await mkdir(empty.staging);
      const deep = join(absent.staging, "deeper", "still");
      await node.stage(absent, {}, deep);
      await node.stage(empty);
      expect(await shownAt(deep)).to.have.length(1);
      expect(await shownAt(empty.staging)).to.have.length(1);
    });

    it("refuses a staging path that holds something, and leaves both alone", async () => {
      const volume = await node.volume();
      const before = await checksum(volume.device);
      const full = node.local.path("full");
      await mkdir(full);
      await writeFile(join(full, "precious"), "data");
      await writeFile(node.local.path("empty-file"), "");
      await run("ln", ["-s", full, node.local.path("symlink")]);
      for (const name of ["full", "empty-file", "symlink", "full/precious"]) {
        await refused(node.stage(volume, {}, node.local.path(name)), "FAILED_PRECONDITION");
      }
      expect(await readFile(join(full, "precious"), "utf8")).to.equal("data");
      expect(await checksum(volume.device)).to.equal(before);
    });

    it("refuses a staging path where another volume is mounted", async () => {
      const [volume, other] = [await node.volume(), await node.volume()];
      await node.stage(other);
      await refused(node.stage(volume, {}, other.staging), "FAILED_PRECONDITION", "another volume");
      expect(await shownAt(other.staging)).to.have.length(1);
    });

    it("refuses a path that is not a plain absolute one", async () => {
      const volume = await node.volume();
      for (const path of ["relative/path", "/", "//", "/tmp/../etc", "/tmp/a\0b"]) {
        await refused(node.stage(volume, {}, path), "INVALID_ARGUMENT", "absolute path");
      }
    });

    it("answers ALREADY_EXISTS when the volume is staged there in another way", async () => {
      const [writable, readOnly] = [await node.volume(), await node.volume()];
      const [first, second] = system.fileSystems.map(([fsType]) => fsType);
      await node.stage(writable, { fsType: first ?? "" });
      await refused(node.stage(writable, { mode: "SINGLE_NODE_READER_ONLY" }), "ALREADY_EXISTS");
      await refused(node.stage(writable, { fsType: second ?? "" }), "ALREADY_EXISTS");

      await node.stage(readOnly);
      await node.unstage(readOnly);
      await node.stage(readOnly, { mode: "SINGLE_NODE_READER_ONLY" });
      await node.stage(readOnly, { mode: "SINGLE_NODE_READER_ONLY" });
      await refused(node.stage(readOnly), "ALREADY_EXISTS");
    });
  });
}

describe("NodeStageVolume, by the mount table", () => {
  const node = nodeRig();

  const mountsAt = async (path: string) =>
    (await readMountTable()).filter(({ mountPoint }) => mountPoint === path);

  for (const fsType of ["ext4", "xfs", "btrfs"] as const) {
    it(`makes ${fsType} on a blank disk once, and mounts it again with its files`, async () => {
      const volume = await node.volume(SIZES[fsType]);
      await node.stage(volume, { fsType });
      const [mount] = await mountsAt(volume.staging);
      expect(mount).to.include({ fsType, source: volume.device });
      expect(mount?.options).to.include("rw");
      await writeFile(join(volume.staging, "file"), fsType);

      await node.stage(volume, { fsType });
      expect(await mountsAt(volume.staging)).to.have.length(1);
      await node.unstage(volume);
      await node.stage(volume, { fsType });
      expect(await readFile(join(volume.staging, "file"), "utf8")).to.equal(fsType);
    });
  }

  it("takes the file system from the capability, else from the volume's context, else ext4", async () => {
    const [plain, withContext, withBoth] = [
      await node.volume(),
      await node.volume(SIZES.xfs),
      await node.volume(),
    ];
    await node.stage(plain);
    await node.stage(withContext, {}, withContext.staging, {
      fsType: "xfs",
      "storage.kubernetes.io/csiProvisionerIdentity": "x",
    });
    await node.stage(withBoth, { fsType: "ext4" }, withBoth.staging, { fsType: "xfs" });
    expect((await mountsAt(plain.staging))[0]?.fsType).to.equal("ext4");
    expect((await mountsAt(withContext.staging))[0]?.fsType).to.equal("xfs");
    expect((await mountsAt(withBoth.staging))[0]?.fsType).to.equal("ext4");
  });

  it("formats with the block size, inode size and reserved blocks that the volume's context says", async () => {
    const said = { fsBlockSize: "1024", fsInodeSize: "512" };
    const [plain, ext4] = [await node.volume(), await node.volume()];
    await node.stage(plain);
    await node.stage(ext4, {}, ext4.staging, { ...said, fsReservedBlocksPercentage: "5" });
    const header = async ({ device }: { readonly device: string }) => {
      const lines = (await run("dumpe2fs", ["-h", device])).split("\n").map((line) => line.split(/:\s+/));
      const named = new Map(lines.map(([name = "", value]) => [name, value]));
      return ["Block size", "Inode size", "Reserved block count"].map((name) => named.get(name));
    };
    expect((await header(plain))[2], "none is reserved unless asked for").to.equal("0");
    expect(await header(ext4)).to.deep.equal(["1024", "512", "819"]);

    const xfs = await node.volume(320n * MiB);
    await node.stage(xfs, { fsType: "xfs" }, xfs.staging, { ...said, fsBlockSize: "2048" });
    expect(await run("xfs_info", [xfs.staging]))
      .to.match(/^meta-data.* isize=512 /)
      .and.match(/\ndata .* bsize=2048 /);
  });

  it("only proves a raw block volume, and writes nothing", async () => {
    const volume = await node.volume();
    const before = await checksum(volume.device);
    await node.stage(volume, { access: "block" });
    expect(await mountsAt(volume.staging)).to.deep.equal([]);
    expect(await checksum(volume.device)).to.equal(before);
  });

  it("mounts with the flags asked for", async () => {
    const volume = await node.volume();
    await node.stage(volume, { flags: ["noatime", "nosuid,nodev", "noexec", "data=ordered"] });
    const [mount] = await mountsAt(volume.staging);
    expect(mount?.options).to.include.members(["noatime", "nosuid", "nodev", "noexec"]);
  });

  it("refuses flags that would make it another mount, and leaves the disk blank", async () => {
    const volume = await node.volume();
    const before = await checksum(volume.device);
    const hostile = [
      ["bind"],
      ["noatime,remount"],
      ["loop=/dev/loop0"],
      ["offset=4096"],
      ["move"],
      ["rshared"],
      ["X-mount.mkdir"],
      ["--bind"],
      ["-o"],
      ["noatime bind"],
      ["noatime\nbind"],
      ["$(id)"],
      [""],
      ["helper=x"],
    ];
    for (const flags of hostile) {
      await refused(node.stage(volume, { flags }), "INVALID_ARGUMENT", "mount flag");
      expect(await mountsAt(volume.staging)).to.deep.equal([]);
    }
    expect(await checksum(volume.device)).to.equal(before);
  });

  it("refuses flags that bring in another device", async () => {
    const [volume, other] = [await node.volume(SIZES.xfs), await node.volume()];
    const before = await checksum(other.device);
    for (const flag of ["logdev", "rtdev", "device", "journal_path", "journal_dev"]) {
      const flags = [`${flag}=${other.device}`];
      await refused(node.stage(volume, { fsType: "xfs", flags }), "INVALID_ARGUMENT", "mount flag");
    }
    expect(await checksum(other.device)).to.equal(before);
  });

  it("refuses another volume's disk, whatever is on the path, and also where that can't be looked at", async () => {
    const [volume, other] = [await node.volume(), await node.volume()];
    await node.stage(volume);
    const mistaken = { ...volume, publishContext: other.publishContext };
    const file = node.local.path("a-file");
    await writeFile(file, "");
    for (const path of [volume.staging, other.staging, join(file, "deeper", "path")]) {
      await refused(node.stage(mistaken, {}, path), "FAILED_PRECONDITION", "is not the disk of volume");
    }
    expect(await mountsAt(volume.staging)).to.have.length(1);
  });

  it("finds a volume staged with the flag ro again", async () => {
    const volume = await node.volume();
    await node.stage(volume);
    await node.unstage(volume);
    for (let i = 0; i < 2; i++) await node.stage(volume, { flags: ["ro"] });
    expect((await mountsAt(volume.staging))[0]?.superOptions).to.include("ro");
  });

  it("mounts read-only what is attached or asked for read-only", async () => {
    const volume = await node.volume();
    await node.stage(volume);
    await writeFile(join(volume.staging, "file"), "kept");
    await node.unstage(volume);
    await node.stage(volume, { mode: "SINGLE_NODE_READER_ONLY" });
    await expectReadOnly(volume);
    await node.unstage(volume);
    await node.detach(volume);

    const again = await node.attach(volume.id, true);
    await node.stage(again);
    await expectReadOnly(again);
    await node.stage(again);
  });

  async function expectReadOnly(volume: AttachedVolume) {
    expect(await readFile(join(volume.staging, "file"), "utf8")).to.equal("kept");
    const error = await writeFile(join(volume.staging, "other"), "").catch((thrown: unknown) => thrown);
    expect(error).to.include({ code: "EROFS" });
  }
});
