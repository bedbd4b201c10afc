import { randomUUID } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { decodePublishContext } from "../../src/agent-client/disk-address.ts";
import { run } from "../../src/kit/run.ts";
import { MiB } from "../../src/kit/sizes.ts";
import { markUsed, readHeader, withPassphrase } from "../../src/node/linux/luks-header.ts";
import { checksum, readBytes } from "../support/device-bytes.ts";
import { needsDeviceMapper, whyNoMapper } from "../support/device-mapper.ts";
import { newVolume } from "../support/engine-rig.ts";
import { nodeRig, type AttachedVolume, type Use } from "../support/node-rig.ts";
import { refused } from "../support/refused.ts";

const SIZE = 48n * MiB;
const HEADER = Number(16n * MiB);
const secrets = { encryptionPassphrase: "correct horse" };
const context = { encryption: "luks2" };

/** Copies are made by the engine, headers by cryptsetup itself. */
describe("a copy of an encrypted volume", () => {
  const node = nodeRig();
  const stage = (volume: AttachedVolume, use: Use = {}, volumeContext: Record<string, string> = context) =>
    node.stage(volume, { secrets, ...use }, volume.staging, volumeContext);

  /** Volumes as their first stage leaves them, with a header, after and before their file system is finished; detached. */
  let used: AttachedVolume;
  let unused: AttachedVolume;
  before(async () => {
    const { guest } = node.parts;
    unused = await node.volume(SIZE);
    const disk = await guest.findDisk(decodePublishContext(unused.publishContext), unused.id, node.call());
    await guest.encryption.initialise(disk, secrets.encryptionPassphrase);
    await disk.release();
    await node.detach(unused);
    used = await copyOf(unused, "clone");
    await markUsed(diskOf(used));
    await node.detach(used);
  });

  async function copyOf(
    volume: AttachedVolume,
    how: "restore" | "clone",
    size = SIZE,
  ): Promise<AttachedVolume> {
    return await node.attach(await copyId(volume, how, size));
  }

  async function copyId({ id }: AttachedVolume, how: "restore" | "clone", size: bigint): Promise<string> {
    const { engine } = node.local;
    const request = { name: randomUUID(), sourceVolumeId: id, labels: {} };
    const source =
      how === "clone"
        ? ({ kind: "volume", id } as const)
        : ({ kind: "snapshot", id: (await engine.createSnapshot(request, node.call())).id } as const);
    const range = { required: size, limit: undefined };
    return (await engine.createVolume(newVolume(randomUUID(), range, { source }), node.call())).id;
  }

  const headerOf = (volume: AttachedVolume) => readBytes(volume.device, 0, HEADER);
  const diskOf = ({ id, device }: AttachedVolume) => ({
    volumeId: id,
    device,
    size: SIZE,
    readOnly: false,
    release: () => Promise.resolve(),
  });
  const opens = ({ id, device }: AttachedVolume, passphrase: string) =>
    withPassphrase(["open", "--test-passphrase", "--key-file=-", device], passphrase, id);

  for (const how of ["restore", "clone"] as const) {
    it(`has its original's header, byte for byte, which takes in all of a larger disk: ${how}`, async () => {
      const original = await node.attach(used.id);
      const before = await headerOf(original);
      await node.detach(original);
      const copy = await copyOf(used, how, 2n * SIZE);
      expect((await headerOf(copy)).equals(before)).to.equal(true);
      expect(BigInt(await run("blockdev", ["--getsize64", copy.device]))).to.equal(2n * SIZE);
      const dump = await run("cryptsetup", ["luksDump", "--dump-json-metadata", copy.device]);
      const { segments } = JSON.parse(dump) as { segments: Record<string, { offset: string; size: string }> };
      expect(segments["0"]).to.include({ offset: String(HEADER), size: "dynamic" });
    });

    it(`opens with its original's passphrase alone: ${how}`, async () => {
      const copy = await copyOf(used, how);
      await opens(copy, secrets.encryptionPassphrase);
      await refused(opens(copy, "wrong horse"), "UNAUTHENTICATED", copy.id);
    });

    it(`counts as used or not as its original did when it was made: ${how}`, async () => {
      expect(await readHeader(diskOf(await copyOf(used, how)))).to.include({ neverUsed: false });
      const copy = await copyOf(unused, how);
      expect(await readHeader(diskOf(copy))).to.deep.equal({ uuid: unused.id, neverUsed: true });
      await markUsed(diskOf(copy));
      const original = await node.attach(unused.id);
      expect(await readHeader(diskOf(original)), "they are two disks").to.include({ neverUsed: true });
      await node.detach(original);
    });

    it(`is refused without a passphrase, and as a volume that is not to be encrypted: ${how}`, async () => {
      const copy = await copyOf(used, how);
      const before = await checksum(copy.device);
      for (const access of ["mount", "block"] as const) {
        await refused(stage(copy, { access, secrets: {} }), "INVALID_ARGUMENT", "encryptionPassphrase");
      }
      await refused(
        stage(copy, {}, {}),
        "FAILED_PRECONDITION",
        "holds crypto_LUKS, and is not to be encrypted: it was neither mounted nor formatted",
      );
      expect(await checksum(copy.device)).to.equal(before);
    });
  }

  it("is not made of a plain volume: one whose class encrypts is refused, and keeps its files", async () => {
    const plain = await node.volume(SIZE);
    await node.stage(plain);
    await writeFile(join(plain.staging, "file"), "kept");
    await node.unstage(plain);
    await node.detach(plain);
    const copy = await copyOf(plain, "restore");
    const before = await checksum(copy.device);
    await refused(stage(copy), "FAILED_PRECONDITION", whyNoMapper() === undefined ? "ext4 that is not" : "");
    expect(await checksum(copy.device)).to.equal(before);
    await node.stage(copy);
    expect(await readFile(join(copy.staging, "file"), "utf8")).to.equal("kept");
    await node.unstage(copy);
  });

  describe("where the kernel has a device mapper", () => {
    before(needsDeviceMapper);

    for (const how of ["restore", "clone"] as const) {
      it(`has its files, grown to a larger disk, beside its original on one node: ${how}`, async () => {
        const volume = await node.volume(SIZE);
        await stage(volume);
        await writeFile(join(volume.staging, "file"), "original");
        const before = (await node.stats(volume, volume.staging)).bytes?.total ?? 0;
        await node.unstage(volume);
        await node.detach(volume);
        const copy = await copyOf(volume, how, 2n * SIZE);
        const original = await node.attach(volume.id);
        await stage(copy);
        await stage(original);
        expect(await readFile(join(copy.staging, "file"), "utf8")).to.equal("original");
        expect((await node.stats(copy, copy.staging)).bytes?.total ?? 0).to.be.above(before * 1.5);
        await writeFile(join(copy.staging, "file"), "copy");
        expect(await readFile(join(original.staging, "file"), "utf8")).to.equal("original");
        for (const each of [original, copy]) await node.unstage(each);
      });
    }

    it("of a volume that was never used gets its file system when it is staged", async () => {
      const copy = await copyOf(unused, "restore");
      await stage(copy);
      await writeFile(join(copy.staging, "file"), "kept");
      await node.unstage(copy);
      await stage(copy);
      expect(await readFile(join(copy.staging, "file"), "utf8")).to.equal("kept");
      await node.unstage(copy);
    });

    it("does not open with another passphrase, and the error names its original", async () => {
      const copy = await copyOf(used, "clone");
      const other = { encryptionPassphrase: "wrong horse" };
      await refused(stage(copy, { secrets: other }), "UNAUTHENTICATED", `header is that of ${unused.id}`);
    });
  });
});
