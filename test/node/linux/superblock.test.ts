import { truncate, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { run } from "../../../src/kit/run.ts";
import { KiB, MiB } from "../../../src/kit/sizes.ts";
import { fileSystemSize } from "../../../src/node/linux/superblock.ts";
import { growUnmounted, isSmaller } from "../../../src/node/linux/growth.ts";
import { writeBytes } from "../../support/device-bytes.ts";
import { refused } from "../../support/refused.ts";
import { scratchDirectory } from "../../support/scratch-directory.ts";

const makers = {
  ext4: ["mkfs.ext4", "-q", "-F"],
  xfs: ["mkfs.xfs", "-q"],
  btrfs: ["mkfs.btrfs", "--quiet"],
} as const;

/** Sizes of disks that are no multiple of anything a file system is made of. */
const odd = [320n * MiB, 320n * MiB + 512n, 321n * MiB + 123n * 512n, 512n * MiB - 512n, 700n * MiB + 4096n];

describe("the size of a file system in its superblock", () => {
  const path = scratchDirectory();
  let images = 0;

  async function image(size: bigint): Promise<string> {
    const file = path(`${images++}.img`);
    await writeFile(file, "");
    await truncate(file, Number(size));
    return file;
  }

  async function made(fsType: keyof typeof makers, size: bigint, ...options: string[]): Promise<string> {
    const file = await image(size);
    const [program, ...args] = makers[fsType];
    await run(program, [...args, ...options, file]);
    return file;
  }

  for (const fsType of ["ext4", "xfs", "btrfs"] as const) {
    it(`is the disk's for a fresh ${fsType} on a disk of any size: nothing is left to grow`, async () => {
      for (const size of odd) {
        const file = await made(fsType, size);
        const found = await fileSystemSize(file, fsType);
        expect(found <= size, `${found} of ${size}`).to.equal(true);
        expect(await isSmaller(file, size, fsType), `${found} of ${size}`).to.equal(false);
      }
    });

    it(`is smaller than the disk for ${fsType} on a disk that grew by some MiB`, async () => {
      const file = await made(fsType, 320n * MiB);
      expect(await isSmaller(file, 328n * MiB, fsType)).to.equal(true);
    });

    it(`is refused where there is no ${fsType}`, async () => {
      await refused(
        fileSystemSize(await image(MiB), fsType),
        "FAILED_PRECONDITION",
        `no ${fsType} superblock`,
      );
      await refused(
        fileSystemSize(await image(0n), fsType),
        "FAILED_PRECONDITION",
        `no ${fsType} superblock`,
      );
    });
  }

  it("is what the makers themselves say, for all block sizes", async () => {
    const size = 400n * MiB;
    for (const block of [1024, 2048, 4096]) {
      const ext4 = await made("ext4", size, "-b", String(block), "-O", block === 1024 ? "^64bit" : "64bit");
      expect(await fileSystemSize(ext4, "ext4")).to.equal(size);
      const count = /^Block count:\s+(\d+)$/m.exec(await run("dumpe2fs", ["-h", ext4]))?.[1];
      expect(await fileSystemSize(ext4, "ext4")).to.equal(BigInt(count!) * BigInt(block));
      const xfs = await made("xfs", size, "-b", `size=${block}`);
      expect(await fileSystemSize(xfs, "xfs")).to.equal(size);
    }
    const btrfs = await made("btrfs", size + 100n * KiB);
    const total = /^total_bytes\s+(\d+)$/m.exec(
      await run("btrfs", ["inspect-internal", "dump-super", btrfs]),
    )?.[1];
    expect(await fileSystemSize(btrfs, "btrfs")).to.equal(BigInt(total!));
  });

  it("reads sizes beyond 32 bits of blocks, and ignores the high bits where they mean something else", async () => {
    const file = await image(MiB);
    const block = Buffer.alloc(1024);
    block.writeUInt16LE(0xef53, 0x38);
    block.writeUInt32LE(2, 0x18);
    block.writeUInt32LE(7, 0x4);
    block.writeUInt32LE(5, 0x150);
    await writeBytes(file, 1024, block);
    expect(await fileSystemSize(file, "ext4")).to.equal(7n * 4096n);
    block.writeUInt32LE(0x80, 0x60);
    await writeBytes(file, 1024, block);
    expect(await fileSystemSize(file, "ext4")).to.equal((5n * 2n ** 32n + 7n) * 4096n);
  });

  it("is the disk's after an ext4 was grown, whatever is left for its last group", async () => {
    for (const [from, to] of [
      [16n, 18n],
      [64n, 66n],
      [64n, 72n],
      [512n, 514n],
      [512n, 640n],
      [512n, 642n],
    ] as const) {
      const device = await made("ext4", from * MiB);
      await truncate(device, Number(to * MiB));
      const disk = {
        device,
        size: to * MiB,
        volumeId: "v",
        readOnly: false,
        release: () => Promise.resolve(),
      };
      await growUnmounted(disk);
      expect(await isSmaller(device, disk.size, "ext4"), `${from} to ${to} MiB`).to.equal(false);
    }
  });
});
