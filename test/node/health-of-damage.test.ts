import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { run, runAny } from "../../src/kit/run.ts";
import { MiB } from "../../src/kit/sizes.ts";
import { readBytes, writeBytes } from "../support/device-bytes.ts";
import { localRig } from "../support/local-rig.ts";
import { NodeRig, nodeRig, type AttachedVolume } from "../support/node-rig.ts";
import { until } from "../support/until.ts";

const SIZES = { ext4: 64n * MiB, xfs: 320n * MiB, btrfs: 128n * MiB };
/** Damage that is really done, below file systems that the kernel has mounted. */
describe("NodeGetVolumeHealth of what is damaged while it is mounted", () => {
  const node = nodeRig();
  const found = async (volume: AttachedVolume) => await node.health(volume, undefined, "");
  const reasons = async (volume: AttachedVolume) =>
    (await found(volume)).map(({ status, reason }) => `${String(status)} ${String(reason)}`);
  const fails = async (work: Promise<unknown>) => {
    expect(
      await work.then(
        () => "it went well",
        () => "failed",
      ),
    ).to.equal("failed");
  };

  /** A volume with files, mounted anew: the kernel has read as little of it as it can. */
  async function withFiles(fsType: keyof typeof SIZES, flags: string[] = []) {
    const volume = await node.volume(SIZES[fsType]);
    await node.stage(volume, { fsType, flags });
    await mkdir(join(volume.staging, "folder"));
    const bytes = randomBytes(Number(4n * MiB));
    await writeFile(join(volume.staging, "file"), bytes);
    for (let i = 0; i < 64; i++) await writeFile(join(volume.staging, "folder", String(i)), "kept");
    await node.unstage(volume);
    await node.stage(volume, { fsType, flags });
    expect(await found(volume)).to.deep.equal([]);
    return { volume, bytes };
  }

  /** Writes over the inode tables of a mounted ext4. */
  async function overwriteInodes({ device }: AttachedVolume): Promise<void> {
    const layout = await run("dumpe2fs", [device]);
    const blockSize = Number(/^Block size:\s+(\d+)$/m.exec(layout)?.[1]);
    const tables = [...layout.matchAll(/Inode table at (\d+)-(\d+)/g)];
    expect(tables).not.to.deep.equal([]);
    for (const [, first, last] of tables) {
      const bytes = randomBytes((Number(last) - Number(first) + 1) * blockSize);
      await writeBytes(device, Number(first) * blockSize, bytes);
    }
  }

  it("sees the errors of an ext4 whose inode tables were overwritten", async () => {
    const { volume } = await withFiles("ext4");
    await overwriteInodes(volume);
    await fails(readdir(join(volume.staging, "folder")));
    expect(await reasons(volume)).to.deep.equal(["DEGRADED FileSystemErrors"]);
    expect((await found(volume))[0]?.message).to.match(/ext4 on .* has counted errors: [1-9]\d* since 20/);
  });

  it("sees that an ext4 became read-only when the kernel met damage in it", async () => {
    const { volume } = await withFiles("ext4", ["errors=remount-ro"]);
    await overwriteInodes(volume);
    await fails(readdir(join(volume.staging, "folder")));
    expect(await reasons(volume)).to.deep.equal(["DEGRADED FileSystemReadOnly", "DEGRADED FileSystemErrors"]);
  });

  it("sees what btrfs counts when the bytes of a file are not those that it wrote", async () => {
    const { volume, bytes } = await withFiles("btrfs");
    const disk = await readBytes(volume.device, 0, Number(SIZES.btrfs));
    const at = disk.indexOf(bytes.subarray(0, 4096));
    expect(at).to.be.greaterThan(0);
    await writeBytes(volume.device, at, randomBytes(4096));
    await fails(readFile(join(volume.staging, "file")));
    expect(await reasons(volume)).to.deep.equal(["DEGRADED FileSystemErrors"]);
    expect((await found(volume))[0]?.message).to.match(/has counted errors: corruption_errs [1-9]/);
  });

  describe("because the file of its disk was cut off", () => {
    const CUT_OFF = "INACCESSIBLE DiskCutOff";
    const cutOff = async (volume: AttachedVolume, fsType: keyof typeof SIZES) => {
      await node.cutOff(volume, SIZES[fsType] - MiB / 4n);
      const [first] = await found(volume);
      expect(first?.reason).to.equal("DiskCutOff");
      expect(first?.message).to.match(/lacks its last [1-9]\d+ bytes/);
    };

    it("sees that, and the errors that ext4 counts when it reads there", async () => {
      const { volume } = await withFiles("ext4");
      await cutOff(volume, "ext4");
      await fails(readFile(join(volume.staging, "folder", "1")));
      expect(await reasons(volume)).to.include.members([CUT_OFF, "DEGRADED FileSystemErrors"]);
    });

    it("sees that, and the errors that btrfs counts when it reads there", async () => {
      const { volume } = await withFiles("btrfs");
      await cutOff(volume, "btrfs");
      await fails(readFile(join(volume.staging, "file")));
      expect(await reasons(volume)).to.include.members([CUT_OFF, "DEGRADED FileSystemErrors"]);
      const messages = (await found(volume)).map(({ message }) => message);
      expect(messages.join()).to.match(/read_errs [1-9]/);
    });

    it("sees that below an xfs, which counts nothing", async () => {
      const { volume } = await withFiles("xfs");
      await cutOff(volume, "xfs");
      await fails(readFile(join(volume.staging, "file")));
      expect(await reasons(volume)).to.include(CUT_OFF);
    });

    it("sees that below a raw block volume", async () => {
      const volume = await node.volume();
      await node.publish(volume, { access: "block" });
      expect(await node.health(volume, "")).to.deep.equal([]);
      await node.cutOff(volume, MiB);
      expect((await node.health(volume, "")).map(({ reason }) => reason)).to.deep.equal(["DiskCutOff"]);
    });
  });
});

describe("NodeGetVolumeHealth of a volume whose pool ran full", () => {
  const local = localRig(async (pool) => {
    await mkdir(pool);
    await run("mount", ["-t", "tmpfs", "-o", "size=160m", "none", pool]);
  });
  let node: NodeRig;
  before(() => {
    node = new NodeRig(local);
  });

  for (const fsType of ["ext4", "btrfs"] as const) {
    it(`sees that it made ${fsType} read-only`, async () => {
      const volume = await node.volume(SIZES[fsType]);
      await node.stage(volume, { fsType });
      const filling = join(local.pool, "filling");
      await run("dd", ["if=/dev/zero", `of=${filling}`, "bs=64k"]).catch(() => undefined);
      let round = 0;
      await until(async () => {
        round++;
        const folders = Array.from({ length: 300 }, (_, index) =>
          join(volume.staging, `folder-${round}-${index}`),
        );
        await Promise.allSettled(folders.map((folder) => mkdir(folder)));
        await runAny("sync", ["--file-system", volume.staging]);
        const found = await node.health(volume, undefined, "");
        return found.some(({ status, reason }) => status === "DEGRADED" && reason === "FileSystemReadOnly");
      }, "the file system stops where it can't write its own blocks");
      await rm(filling);
      await node.unstage(volume);
      await node.detach(volume);
      await local.engine.deleteVolume(volume.id, node.call());
    });
  }
});
