import { truncate, writeFile } from "node:fs/promises";
import { expect } from "chai";
import type { Disk } from "../../../src/node/guest.ts";
import { contentOf } from "../../../src/node/linux/content.ts";
import { format } from "../../../src/node/linux/format.ts";
import { run } from "../../../src/kit/run.ts";
import { checksum, writeBytes } from "../../support/device-bytes.ts";
import { refused } from "../../support/refused.ts";
import { scratchDirectory } from "../../support/scratch-directory.ts";

const SIZE = 16 * 1024 * 1024;

/** Image files stand for disks: the probe and the reads are the same. */
describe("what is on a disk", () => {
  const path = scratchDirectory();
  let images = 0;

  const diskAt = (device: string, size = SIZE): Disk => ({
    volumeId: "v",
    device,
    size: BigInt(size),
    readOnly: false,
    release: () => Promise.resolve(),
  });

  async function blankDisk(size = SIZE): Promise<Disk> {
    const device = path(`${images++}.img`);
    await writeFile(device, "");
    await truncate(device, size);
    return diskAt(device, size);
  }

  for (const [fsType, mib] of [
    ["ext4", 16],
    ["xfs", 320],
    ["btrfs", 128],
  ] as const) {
    it(`is ${fsType} after it was made, and nothing is made over it`, async () => {
      const disk = await blankDisk(mib * 1024 * 1024);
      expect(await contentOf(disk)).to.deep.equal({ kind: "blank" });
      await format(disk, fsType, {});
      expect(await contentOf(disk)).to.deep.equal({ kind: "file system", fsType });
      const before = await checksum(disk.device);
      for (const other of ["ext4", "xfs", "btrfs"] as const) {
        await refused(format(disk, other, {}), "FAILED_PRECONDITION", "not blank");
      }
      expect(await checksum(disk.device)).to.equal(before);
    });
  }

  it("is blank only when all of its first and last MiB are zero", async () => {
    const marks = [0, 511, 1024 * 1024 - 1, SIZE - 1024 * 1024, SIZE - 1];
    for (const mark of marks) {
      const disk = await blankDisk();
      await writeBytes(disk.device, mark, Buffer.from([0x80]));
      expect(await contentOf(disk), String(mark)).to.include({ kind: "unknown" });
      await refused(format(disk, "ext4", {}), "FAILED_PRECONDITION", "not blank");
    }
  });

  it("is looked at in whole when the disk is smaller than a MiB", async () => {
    const disk = await blankDisk(64 * 1024);
    expect(await contentOf(disk)).to.deep.equal({ kind: "blank" });
    await writeBytes(disk.device, 32 * 1024, Buffer.from([1]));
    expect(await contentOf(disk)).to.include({ kind: "unknown" });
  });

  it("is an error, never blank, when the disk can't be read", async () => {
    // The kernel answers reads at address 0 with EIO.
    await refused(contentOf(diskAt("/proc/self/mem")), "UNAVAILABLE", "EIO");
    await refused(format(diskAt("/proc/self/mem"), "ext4", {}), "UNAVAILABLE", "EIO");
    await refused(contentOf(diskAt(path("absent"))), "INTERNAL");
  });

  it("is an error when the disk ends before its size", async () => {
    const { device } = await blankDisk();
    await refused(contentOf(diskAt(device, SIZE + 512)), "UNAVAILABLE", "512 bytes early");
  });

  it("is read past every cache: what was written a moment ago counts", async () => {
    const disk = await blankDisk();
    expect(await contentOf(disk)).to.deep.equal({ kind: "blank" });
    await run("mkswap", [disk.device]);
    expect(await contentOf(disk)).to.deep.equal({ kind: "unknown", what: "swap" });
  });
});
