import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { readMountTable } from "../../src/kit/mount-table.ts";
import { run, runAny } from "../../src/kit/run.ts";
import { MiB } from "../../src/kit/sizes.ts";
import { checksum, writeBytes } from "../support/device-bytes.ts";
import { nodeRig, type AttachedVolume } from "../support/node-rig.ts";
import { refused } from "../support/refused.ts";

const SIZES = { ext4: 16n * MiB, xfs: 320n * MiB, btrfs: 128n * MiB };

describe("NodeStageVolume of a damaged file system", () => {
  const node = nodeRig();

  const isMounted = async (path: string) =>
    (await readMountTable()).some(({ mountPoint }) => mountPoint === path);

  /** A volume that was staged, got a file, and is unstaged again. */
  async function used(fsType: keyof typeof SIZES): Promise<AttachedVolume> {
    const volume = await node.volume(SIZES[fsType]);
    await node.stage(volume, { fsType });
    await writeFile(join(volume.staging, "file"), "kept");
    await node.unstage(volume);
    return volume;
  }

  const debugfs = (volume: AttachedVolume, request: string) =>
    run("debugfs", ["-w", "-R", request, volume.device]);

  /** A count that is wrong, and the sign that a check is due. */
  async function spoilCount(volume: AttachedVolume): Promise<void> {
    await debugfs(volume, "set_inode_field /file links_count 5");
    await debugfs(volume, "set_super_value state 2");
  }

  it("mends an ext4 where that loses nothing, and mounts it with its files", async () => {
    const volume = await used("ext4");
    await spoilCount(volume);
    expect((await runAny("e2fsck", ["-n", volume.device])).exitCode, "it is damaged").to.equal(4);
    await node.stage(volume);
    expect(await readFile(join(volume.staging, "file"), "utf8")).to.equal("kept");
    await node.unstage(volume);
    expect((await runAny("e2fsck", ["-f", "-n", volume.device])).exitCode).to.equal(0);
  });

  it("refuses an ext4 whose repair needs a person, says so, and leaves it to them", async () => {
    const volume = await used("ext4");
    await debugfs(volume, "clri <2>");
    await debugfs(volume, "set_super_value state 2");
    for (let i = 0; i < 2; i++) {
      await refused(node.stage(volume), "FAILED_PRECONDITION", /exited with 4: .*run e2fsck \/dev\/loop/);
    }
    expect(await isMounted(volume.staging)).to.equal(false);
    expect((await run("blkid", ["-p", "-o", "export", volume.device])).split("\n")).to.include("TYPE=ext4");
    await run("e2fsck", ["-y", "-f", volume.device]).catch(() => undefined);
    await node.stage(volume);
  });

  it("leaves a damaged ext4 as it is where it is attached read-only", async () => {
    const volume = await used("ext4");
    await spoilCount(volume);
    await node.detach(volume);
    const again = await node.attach(volume.id, true);
    const { path } = await node.local.engine.getVolume(volume.id, node.call());
    const before = await checksum(path);
    await node.stage(again);
    expect(await readFile(join(volume.staging, "file"), "utf8")).to.equal("kept");
    await node.unstage(again);
    expect(await checksum(path)).to.equal(before);
  });

  it("does not check a disk that is mounted already", async () => {
    const volume = await used("ext4");
    await node.stage(volume);
    await node.stage(volume, {}, `${volume.staging}-second`);
    expect(await isMounted(`${volume.staging}-second`)).to.equal(true);
  });

  for (const fsType of ["ext4", "xfs", "btrfs"] as const) {
    it(`keeps what was flushed to ${fsType} before it was cut off`, async () => {
      const volume = await node.volume(SIZES[fsType]);
      await node.stage(volume, { fsType });
      const bytes = randomBytes(100_000);
      await writeFile(join(volume.staging, "file"), bytes, { flush: true });
      // Where the file system can't be told to stop, an ordinary unmount stands for it.
      await runAny("xfs_io", ["-x", "-c", "shutdown", volume.staging]);
      await node.unstage(volume);
      await node.stage(volume, { fsType });
      expect((await readFile(join(volume.staging, "file"))).equals(bytes)).to.equal(true);
    });
  }

  it("tells what is wrong with an xfs that can't be mounted, and repairs nothing", async () => {
    const volume = await used("xfs");
    await run("xfs_db", [
      "-x",
      "-c",
      "sb 0",
      "-c",
      "addr rootino",
      "-c",
      "write -d core.magic 0",
      volume.device,
    ]);
    for (let i = 0; i < 2; i++) {
      const message = /xfs_repair -n finds damage: .*run xfs_repair \/dev/;
      await refused(node.stage(volume), "FAILED_PRECONDITION", message);
    }
  });

  it("says what mount said of an undamaged xfs", async () => {
    const volume = await used("xfs");
    await refused(node.stage(volume, { flags: ["nosuchoption"] }), "INTERNAL", "nosuchoption");
    await node.stage(volume);
  });

  it("never formats a disk with I/O errors, whatever can be read of it", async () => {
    const [blank, full] = [await node.volume(), await used("ext4")];
    for (const volume of [blank, full]) await node.cutOff(volume, 512n * 1024n);
    await refused(node.stage(blank), "UNAVAILABLE", /EIO|early/);
    // What can be read is zero, too: neither does a file system that can't be found any more make the disk blank.
    await writeBytes(full.device, 0, Buffer.alloc(Number(MiB)));
    for (const fsType of ["ext4", "xfs", "btrfs"]) {
      await refused(node.stage(full, { fsType }), "UNAVAILABLE", /EIO|early/);
    }
  });

  it("does not mount an ext4 that can't be read for its check", async () => {
    const volume = await used("ext4");
    await debugfs(volume, "set_super_value state 2");
    await node.cutOff(volume, 15n * MiB);
    const error = await node.stage(volume).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(Error);
    expect((error as { code: string }).code).to.be.oneOf(["UNAVAILABLE", "FAILED_PRECONDITION"]);
    expect(await isMounted(volume.staging)).to.equal(false);
  });
});
