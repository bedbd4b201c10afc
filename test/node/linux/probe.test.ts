import { open, readdir, truncate, writeFile } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { expect } from "chai";
import { run } from "../../../src/kit/run.ts";
import { libblkidProbe, type Findings } from "../../../src/node/linux/libblkid.ts";
import { blkidProbe } from "../../../src/node/linux/probe.ts";
import { writeBytes } from "../../support/device-bytes.ts";
import { needsLoopDevices } from "../../support/needs-loop-devices.ts";
import { refused } from "../../support/refused.ts";
import { scratchDirectory } from "../../support/scratch-directory.ts";

const MiB = 1024 * 1024;

type Make = (image: string) => Promise<unknown>;

/** A FAT16 of 16 MiB: its BIOS parameter block. */
function fat16(): Buffer {
  const sector = Buffer.alloc(512);
  Buffer.from("eb3c906d6b66732e66617400020401000200020080f820002000400000000000", "hex").copy(sector);
  sector.write("\x80\x00\x29\x01\x02\x03\x04DISK       FAT16   ", 36, "latin1");
  sector.writeUInt16BE(0x55aa, 510);
  return sector;
}

/** A partition table with one entry. */
function mbr(type: number): Buffer {
  const sector = Buffer.alloc(512);
  sector.writeUInt8(type, 446 + 4);
  sector.writeUInt32LE(type === 0xee ? 1 : 2048, 446 + 8);
  sector.writeUInt32LE(type === 0xee ? 32767 : 8192, 446 + 12);
  sector.writeUInt16BE(0x55aa, 510);
  return sector;
}

/** A protective MBR and the first header of an empty GPT on a disk of 32768 sectors. */
function gpt(): Buffer {
  const header = Buffer.alloc(92);
  header.write("EFI PART");
  header.writeUInt32LE(0x10000, 8);
  header.writeUInt32LE(92, 12);
  for (const [at, lba] of [
    [24, 1n],
    [32, 32767n],
    [40, 34n],
    [48, 32734n],
    [72, 2n],
  ] as const)
    header.writeBigUInt64LE(lba, at);
  header.fill(7, 56, 72);
  header.writeUInt32LE(128, 80);
  header.writeUInt32LE(128, 84);
  header.writeUInt32LE(crc32(Buffer.alloc(128 * 128)), 88);
  header.writeUInt32LE(crc32(header), 16);
  return Buffer.concat([mbr(0xee), header]);
}

/** The label of an LVM physical volume, in its second sector. */
function lvmLabel(): Buffer {
  const label = Buffer.alloc(512);
  label.write("LABELONE");
  label.writeBigUInt64LE(1n, 8);
  label.writeUInt32LE(32, 20);
  label.write("LVM2 001abcdefghijklmnopqrstuvwxyz012345", 24);
  // A CRC-32 without the inversions of zlib, from a start of its own.
  label.writeUInt32LE(~crc32(label.subarray(20), ~0xf597a6cf >>> 0) >>> 0, 16);
  return label;
}

/** The superblock of a member of a RAID 1, version 1.2, as of 4 KiB. */
function raidMember(): Buffer {
  const block = Buffer.alloc(4096);
  block.writeUInt32LE(0xa92b4efc, 0);
  block.writeUInt32LE(1, 4);
  block.fill(9, 16, 32);
  block.writeUInt32LE(1, 72);
  block.writeUInt32LE(2, 92);
  block.writeBigUInt64LE(8n, 144);
  return block;
}

const at =
  (offset: number, bytes: () => Buffer): Make =>
  (image) =>
    writeBytes(image, offset, bytes());

async function bytesOf(image: string, offset: number, length: number): Promise<Buffer> {
  const file = await open(image);
  const { buffer } = await file.read(Buffer.alloc(length), 0, length, offset);
  await file.close();
  return buffer;
}

describe("a probe of a disk", () => {
  const path = scratchDirectory();
  let images = 0;
  const library = libblkidProbe();

  async function image(make: Make, size: number): Promise<string> {
    const file = path(`${images++}.img`);
    await writeFile(file, "");
    await truncate(file, size);
    await make(file);
    return file;
  }

  before(function () {
    if (library !== undefined) return;
    if (process.env["CI"]) throw new Error("koffi or libblkid.so.1 is missing");
    console.log("      skipped: koffi or libblkid.so.1 is missing");
    this.skip();
  });

  const findings = (type?: string, usage?: string, partitionTable?: string): Findings => ({
    type,
    usage,
    partitionTable,
  });
  const ext4: Make = (file) => run("mkfs.ext4", ["-q", "-F", file]);
  const btrfs: Make = (file) => run("mkfs.btrfs", ["-q", file]);

  const disks: readonly [what: string, make: Make, expected: Findings, mib?: number][] = [
    ["ext4", ext4, findings("ext4", "filesystem")],
    ["xfs", (file) => run("mkfs.xfs", ["-q", file]), findings("xfs", "filesystem"), 320],
    ["btrfs", btrfs, findings("btrfs", "filesystem"), 128],
    ["vfat", at(0, fat16), findings("vfat", "filesystem")],
    ["swap", (file) => run("mkswap", [file]), findings("swap", "other")],
    ["LVM", at(512, lvmLabel), findings("LVM2_member", "raid")],
    ["RAID", at(4096, raidMember), findings("linux_raid_member", "raid")],
    ["an MBR", at(0, () => mbr(0x83)), findings(undefined, undefined, "dos")],
    ["a GPT", at(0, gpt), findings(undefined, undefined, "gpt")],
    ["nothing", () => Promise.resolve(), "nothing"],
    ["garbage", at(0, () => Buffer.alloc(8 * MiB, "garbage ")), "nothing"],
    [
      "LUKS",
      async (file) => {
        await writeFile(`${file}.key`, "a passphrase");
        const cheap = ["--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000"];
        await run("cryptsetup", ["luksFormat", "-q", "--type", "luks2", ...cheap, file, `${file}.key`]);
      },
      findings("crypto_LUKS", "crypto"),
      32,
    ],
    [
      "two file systems",
      async (file) => {
        const other = await image(btrfs, 128 * MiB);
        await ext4(file);
        await writeBytes(file, 65536, await bytesOf(other, 65536, 4096));
      },
      "ambivalent",
      128,
    ],
  ];
  for (const [what, make, expected, mib = 16] of disks) {
    it(`finds ${what}, as the program does`, async () => {
      const disk = await image(make, mib * MiB);
      expect(await blkidProbe(disk)).to.deep.equal(expected);
      expect(await library?.(disk)).to.deep.equal(expected);
    });
  }

  it("takes nothing for a file system on a small disk with partitions, as the program does", async function () {
    await needsLoopDevices.call(this);
    const disk = await image(async (file) => {
      await ext4(file);
      await writeBytes(file, 0, mbr(0x83));
    }, MiB);
    const loop = await run("losetup", ["--find", "--show", disk]);
    expect(await blkidProbe(loop)).to.deep.equal(findings(undefined, undefined, "dos"));
    expect(await library?.(loop)).to.deep.equal(findings(undefined, undefined, "dos"));
  });

  it("is an error when the disk is not there", async () => {
    if (library !== undefined) await refused(library(path("absent")), "UNAVAILABLE", "could not be opened");
  });

  it("lets go of the disk: no probe leaves a file open", async () => {
    const disk = await image(ext4, 16 * MiB);
    const before = await openFiles();
    for (let probe = 0; probe < 50; probe++) await library?.(disk);
    expect(await openFiles()).to.equal(before);
  });
});

async function openFiles(): Promise<number> {
  return (await readdir("/proc/self/fd")).length;
}
