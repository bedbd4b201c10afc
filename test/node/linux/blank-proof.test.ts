import { truncate, writeFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { expect } from "chai";
import { run } from "../../../src/kit/run.ts";
import type { Disk } from "../../../src/node/guest.ts";
import { endsAreZero, useBlankProof } from "../../../src/node/linux/blank-proof.ts";
import { writeBytes } from "../../support/device-bytes.ts";
import { needsLoopDevices } from "../../support/needs-loop-devices.ts";
import { refused } from "../../support/refused.ts";
import { scratchDirectory } from "../../support/scratch-directory.ts";

const MiB = 1024 * 1024;
const SIZE = 8 * MiB;

describe("the proof that a disk's ends are zero", () => {
  const path = scratchDirectory();
  let images = 0;

  async function blankImage(size = SIZE): Promise<string> {
    const image = path(`${images++}.img`);
    await writeFile(image, "");
    await truncate(image, size);
    return image;
  }
  const diskAt = (device: string, size = SIZE): Disk => ({
    volumeId: "v",
    device,
    size: BigInt(size),
    readOnly: false,
    release: () => Promise.resolve(),
  });
  const spoil = (disk: Disk, at = 0) => writeBytes(disk.device, at, Buffer.from([1]));

  it("is made by reading, and serves one writer", async () => {
    const disk = diskAt(await blankImage());
    expect(await endsAreZero(disk)).to.equal(true);
    expect(await useBlankProof(disk)).to.equal(true);
    await spoil(disk);
    expect(await useBlankProof(disk)).to.equal(false);
    expect(await useBlankProof(disk)).to.equal(false);
  });

  it("is made anew where there is none, and is not kept for later", async () => {
    const disk = diskAt(await blankImage());
    expect(await useBlankProof(disk)).to.equal(true);
    await spoil(disk);
    expect(await useBlankProof(disk)).to.equal(false);
  });

  it("is of one disk that was found, not of a device", async () => {
    const disk = diskAt(await blankImage());
    expect(await endsAreZero(disk)).to.equal(true);
    await spoil(disk, SIZE - 1);
    expect(await useBlankProof({ ...disk })).to.equal(false);
  });

  it("is gone once the disk was read again and is not blank, or can't be read", async () => {
    const disk = diskAt(await blankImage());
    expect(await endsAreZero(disk)).to.equal(true);
    await spoil(disk);
    expect(await endsAreZero(disk)).to.equal(false);
    expect(await useBlankProof(disk)).to.equal(false);
    const shorter = diskAt(await blankImage());
    expect(await endsAreZero(shorter)).to.equal(true);
    await truncate(shorter.device, SIZE / 2);
    await refused(endsAreZero(shorter), "UNAVAILABLE", "early");
    await refused(useBlankProof(shorter), "UNAVAILABLE", "early");
  });

  it("gets old: after a second the disk is read again", async () => {
    const disk = diskAt(await blankImage());
    expect(await endsAreZero(disk)).to.equal(true);
    await spoil(disk);
    await setTimeout(1100);
    expect(await useBlankProof(disk)).to.equal(false);
  });

  it("is of what programs wrote through the cache, and of a disk whose size is no multiple of a page", async function () {
    await needsLoopDevices.call(this);
    const size = SIZE + 512;
    const disk = diskAt(await run("losetup", ["--find", "--show", await blankImage(size)]), size);
    expect(await endsAreZero(disk)).to.equal(true);
    for (const at of [0, MiB - 1, size - MiB, size - 1]) {
      await spoil(disk, at);
      expect(await endsAreZero(disk), `byte ${at}`).to.equal(false);
      await writeBytes(disk.device, at, Buffer.from([0]));
      expect(await endsAreZero(disk), `byte ${at}`).to.equal(true);
    }
    await spoil(disk, size / 2 - 256);
    expect(await endsAreZero(disk), "the middle").to.equal(true);
  });

  it("is made where nothing can be read past the cache", async () => {
    // /proc refuses such an open.
    const disk = diskAt("/proc/version", 16);
    expect(await endsAreZero(disk)).to.equal(false);
  });
});
