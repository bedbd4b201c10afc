import { randomBytes, randomUUID } from "node:crypto";
import { appendFile, mkdir, readdir, readFile, rename, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { DiskFile, Host } from "../../../../src/agent/hosts/host.ts";
import { localHost } from "../../../../src/agent/hosts/local/local-host.ts";
import { listLoopDevices } from "../../../../src/kit/loop-devices.ts";
import { run } from "../../../../src/kit/run.ts";
import { MiB } from "../../../../src/kit/sizes.ts";
import { createVhdx, growFixed, inspectVhdx } from "../../../../src/vhdx/index.ts";
import { checksum, loopAt, readBytes, writeBytes } from "../../../support/device-bytes.ts";
import { newVolume } from "../../../support/engine-rig.ts";
import { context, linkOf, localRig, MOST_DISKS } from "../../../support/local-rig.ts";
import { refused } from "../../../support/refused.ts";

describe("local host, attach", () => {
  const rig = localRig();
  const vmId = rig.vms[0].id;
  // One for each test: that of a whole suite would end while others run before it.
  let signal: AbortSignal;
  beforeEach(() => {
    ({ signal } = context());
  });

  async function newDisk(size = 8n * MiB): Promise<DiskFile> {
    const range = { required: size, limit: undefined };
    const { id, path } = await rig.engine.createVolume(newVolume(randomUUID(), range), context());
    return { volumeId: id, path };
  }

  /** A host that is started later, over a pool. */
  async function hostOver(pool: string): Promise<Host> {
    const host = localHost(rig.vms, MOST_DISKS);
    await host.openPool(pool);
    return host;
  }

  const isThere = (file: string) =>
    stat(file).then(
      () => true,
      () => false,
    );

  it("names VM and volume in the device's backing file", async () => {
    const disk = await newDisk();
    const { address } = await rig.host.attach(disk, vmId, false, signal);
    expect(address).to.deep.equal({ kind: "loop", backingFile: linkOf(rig, vmId, disk.volumeId) });
    const { payloadOffset } = await inspectVhdx(disk.path);
    expect(loopAt(address).offset).to.equal(payloadOffset);
  });

  it("maps the payload: what the guest writes is in the file at its place", async () => {
    const disk = await newDisk();
    const { address } = await rig.host.attach(disk, vmId, false, signal);
    const bytes = randomBytes(4096);
    await writeBytes(loopAt(address).device, 4096, bytes);
    const { payloadOffset = 0n } = await inspectVhdx(disk.path);
    expect((await readBytes(disk.path, Number(payloadOffset) + 4096, 4096)).equals(bytes)).to.equal(true);
  });

  it("takes the link away with the device", async () => {
    const disk = await newDisk();
    const attachment = await rig.host.attach(disk, vmId, false, signal);
    expect(await isThere(linkOf(rig, vmId, disk.volumeId))).to.equal(true);
    await rig.host.detach(attachment, signal);
    expect(await isThere(linkOf(rig, vmId, disk.volumeId))).to.equal(false);
    expect((await stat(disk.path)).nlink).to.equal(1);
  });

  it("changes both write ids before a writable attach, and nothing before a read-only one", async () => {
    const disk = await newDisk();
    const before = await inspectVhdx(disk.path);
    const bytes = await checksum(disk.path);
    await rig.host.detach(await rig.host.attach(disk, vmId, true, signal), signal);
    expect(await checksum(disk.path)).to.equal(bytes);

    await rig.host.attach(disk, vmId, false, signal);
    const after = await inspectVhdx(disk.path);
    expect(after.dataWriteGuid).not.to.equal(before.dataWriteGuid);
    expect(after.fileWriteGuid).not.to.equal(before.fileWriteGuid);
    expect(after.virtualDiskId).to.equal(disk.volumeId);
  });

  it("gives 32 disks attached at once a device each, and keeps their bytes apart", async () => {
    const disks = await Promise.all(Array.from({ length: 32 }, () => newDisk()));
    const attachments = await Promise.all(disks.map((disk) => rig.host.attach(disk, vmId, false, signal)));
    const devices = attachments.map(({ address }) => loopAt(address).device);
    expect(new Set(devices).size).to.equal(32);
    for (const [index, device] of devices.entries())
      await writeBytes(device, 0, Buffer.alloc(512, index + 1));
    for (const [index, device] of devices.entries())
      expect((await readBytes(device, 0, 1))[0]).to.equal(index + 1);
    await Promise.all(attachments.map((attachment) => rig.host.detach(attachment, signal)));
    for (const { volumeId } of disks) expect(await rig.host.attachmentsOf(volumeId)).to.deep.equal([]);
  });

  it("lets the device follow its file", async () => {
    const disk = await newDisk();
    const { address } = await rig.host.attach(disk, vmId, false, signal);
    await growFixed(disk.path, 12n * MiB);
    expect(loopAt(address).size).to.equal(8n * MiB);
    await run("losetup", ["--set-capacity", loopAt(address).device]);
    expect(loopAt(address).size).to.equal(12n * MiB);
  });

  it("finishes a growth that was cut off before the device followed", async () => {
    const disk = await newDisk();
    const attachment = await rig.host.attach(disk, vmId, false, signal);
    await growFixed(disk.path, 12n * MiB);
    await rig.host.growAttached(disk, attachment, 12n * MiB, signal);
    expect(loopAt(attachment.address).size).to.equal(12n * MiB);
  });

  for (const [what, attachFirst] of [
    ["was bound over a longer file", false],
    ["is over a file that became longer", true],
  ] as const) {
    it(`lets a device that ${what} grow to just the bytes asked for, with a file system on it`, async () => {
      const disk = await newDisk(32n * MiB);
      const lengthen = async () => {
        await truncate(disk.path, (await stat(disk.path)).size + Number(24n * MiB));
      };
      if (!attachFirst) await lengthen();
      const attachment = await rig.host.attach(disk, vmId, false, signal);
      if (attachFirst) await lengthen();
      const { device } = loopAt(attachment.address);
      const mountPoint = rig.path(`mnt-${String(attachFirst)}`);
      await run("mkfs.ext4", ["-q", device]);
      await mkdir(mountPoint);
      await run("mount", [device, mountPoint]);
      try {
        const written = randomBytes(Number(MiB));
        await writeFile(join(mountPoint, "file"), written);
        for (const size of [40n * MiB, 64n * MiB]) {
          expect(await rig.host.growAttached(disk, attachment, size, signal)).to.equal(size);
          expect(loopAt(attachment.address).size).to.equal(size);
          expect(await rig.host.growAttached(disk, attachment, size, signal)).to.equal(size);
        }
        expect((await readFile(join(mountPoint, "file"))).equals(written)).to.equal(true);
      } finally {
        await run("umount", [mountPoint]);
      }
    });
  }

  it("doesn't show the guest bytes that follow the payload in the file", async () => {
    const disk = await newDisk();
    await appendFile(disk.path, Buffer.alloc(1024 * 1024, 0xee));
    const { address } = await rig.host.attach(disk, vmId, false, signal);
    expect(loopAt(address).size).to.equal(8n * MiB);
  });

  it("refuses a dynamic disk and one whose file ends early, and leaves no device or link", async () => {
    const dynamic = { volumeId: randomUUID(), path: join(rig.pool, "dynamic.vhdx") };
    await createVhdx(dynamic.path, { type: "dynamic", size: 8n * MiB, virtualDiskId: dynamic.volumeId });
    const short = await newDisk();
    await truncate(short.path, (await stat(short.path)).size - 1024 * 1024);
    for (const disk of [dynamic, short]) {
      await refused(rig.host.attach(disk, vmId, false, signal), "FAILED_PRECONDITION", "contiguous");
      expect(await isThere(linkOf(rig, vmId, disk.volumeId))).to.equal(false);
      expect(await rig.host.attachmentsOf(disk.volumeId)).to.deep.equal([]);
    }
  });

  it("is whole or not there when its caller's time ends in the middle", async () => {
    for (const afterMs of [0, 2, 4, 6, 8]) {
      const disk = await newDisk();
      await rig.host.attach(disk, vmId, false, AbortSignal.timeout(afterMs)).catch(() => undefined);
      const [attachment] = await rig.host.attachmentsOf(disk.volumeId);
      expect((await stat(disk.path)).nlink).to.equal(attachment === undefined ? 1 : 2);
      if (attachment === undefined) continue;
      expect(loopAt(attachment.address).size).to.equal(8n * MiB);
      await rig.host.detach(attachment, signal);
    }
  });

  it("is known to a host that is opened later, which sweeps only what no device has", async () => {
    const [kept, cut] = [await newDisk(), await newDisk()];
    const attachment = await rig.host.attach(kept, vmId, true, signal);
    const stale = await rig.host.attach(cut, vmId, false, signal);
    await run("losetup", ["--detach", loopAt(stale.address).device]);

    const later = await hostOver(rig.pool);
    expect(await later.attachmentsOf(kept.volumeId)).to.deep.equal([attachment]);
    expect(await later.attachmentsOf(cut.volumeId)).to.deep.equal([]);
    expect((await stat(cut.path)).nlink).to.equal(1);
    await later.detach(attachment, signal);
    expect(await rig.host.attachmentsOf(kept.volumeId)).to.deep.equal([]);
  });

  it("never lists or touches loop devices that are not its own", async () => {
    const images = rig.path("images");
    await mkdir(images);
    const disk = await newDisk();
    const foreign = [join(images, `${disk.volumeId}.vhdx`), join(rig.pool, "disk.img")];
    for (const file of foreign) {
      await appendFile(file, Buffer.alloc(1024 * 1024));
      await run("losetup", ["--find", "--show", file]);
    }
    const bound = () => listLoopDevices().filter(({ backingFile }) => foreign.includes(backingFile));
    const before = bound();
    expect(before).to.have.length(2);
    expect(await rig.host.attachmentsOf(disk.volumeId)).to.deep.equal([]);
    await rig.host.detach({ volumeId: disk.volumeId, vmId }, signal);
    await hostOver(rig.pool);
    await rig.host.forget(disk.volumeId);
    expect(bound()).to.deep.equal(before);
  });

  it("finds its attachments in a pool that is named through a symbolic link or was moved", async () => {
    const disk = await newDisk();
    await rig.host.attach(disk, vmId, false, signal);
    const alias = rig.path("alias");
    await run("ln", ["-s", rig.pool, alias]);
    const throughAlias = await hostOver(alias);
    expect(await throughAlias.attachmentsOf(disk.volumeId)).to.have.length(1);

    const moved = rig.path("moved");
    await rename(rig.pool, moved);
    try {
      const host = await hostOver(moved);
      const [attachment] = await host.attachmentsOf(disk.volumeId);
      const file = join(moved, ".vms", vmId, `${disk.volumeId}.vhdx`);
      expect(attachment?.address).to.deep.equal({ kind: "loop", backingFile: file });
      expect(await readdir(join(moved, ".vms", vmId))).to.include(`${disk.volumeId}.vhdx`);
    } finally {
      await rename(moved, rig.pool);
    }
  });
});
