import { randomBytes, randomUUID } from "node:crypto";
import { copyFile, mkdir, rename, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { expect } from "chai";
import { encodePublishContext } from "../../src/agent-client/disk-address.ts";
import { readMountTable } from "../../src/kit/mount-table.ts";
import { run } from "../../src/kit/run.ts";
import { MiB } from "../../src/kit/sizes.ts";
import { createVhdx, inspectVhdx } from "../../src/vhdx/index.ts";
import { checksum, readBytes, writeBytes } from "../support/device-bytes.ts";
import { linkOf } from "../support/local-rig.ts";
import { nodeRig, type AttachedVolume, type Use } from "../support/node-rig.ts";
import { nodeSystems, type SystemRig } from "../support/node-systems.ts";
import { refused } from "../support/refused.ts";

const MIB = 1024 * 1024;
const SIZE = 16 * MIB;

for (const system of nodeSystems) {
  describe(`the node never destroys data, on ${system.name}`, () => {
    const rig = system.rig();
    const [[usual], [other]] = system.fileSystems;
    let node: SystemRig["node"];
    let shownAt: SystemRig["shownAt"];
    before(() => ({ node, shownAt } = rig.get));

    /** Staging must fail with this message, for every file system, and neither change the disk nor mount it. */
    async function refusesToTouch(
      volume: AttachedVolume,
      message: string | RegExp,
      uses: Use[] = [{}, { fsType: other }],
    ) {
      const before = await checksum(volume.device);
      for (const use of uses) await refused(node.stage(volume, use), "FAILED_PRECONDITION", message);
      expect(await checksum(volume.device)).to.equal(before);
      expect(await shownAt(volume.staging)).to.deep.equal([]);
    }

    it("leaves a disk with an MBR partition table alone", async () => {
      const volume = await node.volume();
      const entry = Buffer.alloc(16);
      entry.set([0x80, 0, 2, 0, 0x83, 0, 0, 0]);
      entry.writeUInt32LE(2048, 8);
      entry.writeUInt32LE(8192, 12);
      await writeBytes(volume.device, 446, entry);
      await writeBytes(volume.device, 510, Buffer.from([0x55, 0xaa]));
      await refusesToTouch(volume, "neither mounted nor formatted");
    });

    it("leaves an LVM physical volume alone", async () => {
      const volume = await node.volume();
      await writeBytes(volume.device, 512, lvmLabel());
      await refusesToTouch(volume, "neither mounted nor formatted");
    });

    it("leaves a LUKS container alone", async () => {
      const volume = await node.volume();
      const header = Buffer.alloc(512);
      header.write("LUKS\xba\xbe", 0, "latin1");
      header.writeUInt16BE(1, 6);
      header.write(randomUUID(), 168);
      await writeBytes(volume.device, 0, header);
      await refusesToTouch(volume, "neither mounted nor formatted");
    });

    it("leaves swap alone", async () => {
      const volume = await node.volume();
      await run("mkswap", [volume.device]);
      await refusesToTouch(volume, "neither mounted nor formatted");
    });

    for (const [where, offset] of [
      ["at its beginning", () => 0],
      ["at 4096", () => 4096],
      ["at the end of its first MiB", () => MIB - 1],
      ["at the beginning of its last MiB", () => Number(node.usual) - MIB],
      ["at its end", () => Number(node.usual) - 1],
    ] as const) {
      it(`leaves a disk alone that has one byte of unknown data ${where}`, async () => {
        const volume = await node.volume();
        await writeBytes(volume.device, offset(), Buffer.from([1]));
        await refusesToTouch(volume, "neither mounted nor formatted");
      });
    }

    it("leaves another file system than the one asked for alone", async () => {
      const volume = await node.volume();
      await node.stage(volume);
      await writeFile(join(volume.staging, "file"), randomBytes(4096));
      await node.unstage(volume);
      for (const [fsType] of system.fileSystems.slice(1))
        await refusesToTouch(volume, new RegExp(`holds ${usual}, not ${fsType}`, "i"), [{ fsType }]);
    });

    it("leaves a blank disk that is attached read-only alone", async () => {
      const volume = await node.volume();
      await node.detach(volume);
      await refusesToTouch(await node.attach(volume.id, true), /attached (read-only|so)/);
    });

    it("formats nothing through the address of another volume of this VM", async () => {
      const [volume, another] = [await node.volume(), await node.volume()];
      await refusesToTouch(
        { ...volume, publishContext: another.publishContext, device: another.device },
        /is not the disk|and not at/,
      );
    });
  });
}

describe("the node never destroys data", () => {
  const node = nodeRig();

  async function refusesToTouch(
    volume: AttachedVolume,
    message: string,
    uses: Use[] = [{}, { fsType: "xfs" }],
  ) {
    const before = await checksum(volume.device);
    for (const use of uses) await refused(node.stage(volume, use), "FAILED_PRECONDITION", message);
    expect(await checksum(volume.device)).to.equal(before);
    expect((await readMountTable()).some(({ mountPoint }) => mountPoint === volume.staging)).to.equal(false);
  }

  it("leaves a file system that it can't mount alone", async () => {
    const volume = await node.volume();
    await run("mkfs.ext2", ["-q", volume.device]);
    await refusesToTouch(volume, "holds ext2", [{ fsType: "ext4" }, { fsType: "xfs" }]);
    const before = await checksum(volume.device);
    await refused(node.stage(volume), "FAILED_PRECONDITION", "ext2");
    expect(await checksum(volume.device)).to.equal(before);
  });

  it("leaves a disk with signatures of two file systems alone", async () => {
    const volume = await node.volume(128n * MiB);
    await run("mkfs.btrfs", ["--quiet", volume.device]);
    const { device } = await node.volume();
    await run("mkfs.ext4", ["-q", "-F", device]);
    await run("dd", [
      `if=${device}`,
      `of=${volume.device}`,
      "bs=1k",
      "count=4",
      "skip=1",
      "seek=1",
      "conv=notrunc",
    ]);
    await refusesToTouch(volume, "several formats");
  });

  for (const [fsType, size] of [
    ["ext4", 64],
    ["xfs", 320],
    ["btrfs", 128],
  ] as const) {
    it(`discards nothing when it makes ${fsType}: what lies between the ends could still be recovered`, async () => {
      const volume = await node.volume(BigInt(size) * MiB);
      const bytes = randomBytes(4096);
      const offsets = Array.from({ length: size / 2 - 2 }, (_, index) => (2 * index + 2.5) * MIB);
      for (const offset of offsets) await writeBytes(volume.device, offset, bytes);
      await node.stage(volume, { fsType });
      await node.unstage(volume);
      const read = await Promise.all(offsets.map((offset) => readBytes(volume.device, offset, 4096)));
      expect(read.filter((found) => found.equals(bytes))).to.have.length.above(offsets.length / 2);
    });
  }

  it("formats nothing through an address of another VM", async () => {
    const { id } = await node.volume();
    const [, other] = node.local.vms;
    const volume = await node.volume();
    await node.detach(volume);
    const { address } = await node.local.host.attach(
      { volumeId: volume.id, path: join(node.local.pool, await fileOf(volume.id)) },
      other.id,
      false,
      AbortSignal.timeout(10_000),
    );
    await refusesToTouch(
      { ...volume, publishContext: encodePublishContext(address) },
      "attached to another VM",
    );
    expect(id).not.to.equal(volume.id);
  });

  it("formats nothing when the file at the address is another disk", async () => {
    const volume = await node.volume();
    await node.detach(volume);
    const impostor = node.local.path("impostor.vhdx");
    await createVhdx(impostor, { type: "fixed", size: BigInt(SIZE), virtualDiskId: randomUUID() });
    const link = linkOf(node.local, node.local.vms[0].id, volume.id);
    await mkdir(dirname(link), { recursive: true });
    await copyFile(impostor, link);
    const { payloadOffset } = await inspectVhdx(link);
    const device = await run("losetup", ["--find", "--show", "--offset", String(payloadOffset), link]);
    await refusesToTouch({ ...volume, device }, "nothing was written");
    await run("losetup", ["--detach", device]);
    await rename(link, impostor);
  });

  it("says UNAVAILABLE for a volume that is not attached", async () => {
    const volume = await node.volume();
    await node.detach(volume);
    await refused(node.stage(volume), "UNAVAILABLE", "not attached");
    await refused(node.publish(volume, { access: "block" }), "UNAVAILABLE", "not attached");
  });

  it("needs a disk address that an attach of this driver gave", async () => {
    const volume = await node.volume();
    for (const publishContext of [{}, { addressKind: "loop" }, { addressKind: "scsi", backingFile: "/x" }]) {
      await refused(node.stage({ ...volume, publishContext: publishContext }), "INVALID_ARGUMENT");
    }
    const publishContext = { addressKind: "loop", backingFile: "/etc/passwd" };
    await refused(node.stage({ ...volume, publishContext }), "FAILED_PRECONDITION", "is not the disk");
  });

  it("leaves a disk blank that is too small for the file system", async () => {
    const volume = await node.volume();
    const before = await checksum(volume.device);
    for (const fsType of ["xfs", "btrfs"]) {
      await node.stage(volume, { fsType }).then(
        () => expect.fail("it was formatted"),
        () => undefined,
      );
    }
    expect(await checksum(volume.device)).to.equal(before);
    await node.stage(volume, { fsType: "ext4" });
  });

  async function fileOf(id: string): Promise<string> {
    const { path } = await node.local.engine.getVolume(id, node.call());
    return basename(path);
  }
});

/** A label sector as LVM2 writes it: id, sector, checksum, offset, type. */
function lvmLabel(): Buffer {
  const label = Buffer.alloc(512);
  label.write("LABELONE", 0);
  label.writeBigUInt64LE(1n, 8);
  label.writeUInt32LE(32, 20);
  label.write("LVM2 001", 24);
  label.write("0123456789abcdef0123456789abcdef", 32);
  let crc = 0xf597a6cf;
  for (const byte of label.subarray(20)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  label.writeUInt32LE(crc >>> 0, 16);
  return label;
}
