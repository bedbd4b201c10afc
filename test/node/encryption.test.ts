import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { run, runAny } from "../../src/kit/run.ts";
import { MiB } from "../../src/kit/sizes.ts";
import { mapperName } from "../../src/node/linux/mapper.ts";
import { checksum, readBytes } from "../support/device-bytes.ts";
import { needsDeviceMapper, whyNoMapper } from "../support/device-mapper.ts";
import { nodeRig, type AttachedVolume, type Use } from "../support/node-rig.ts";
import { refused } from "../support/refused.ts";

const SIZES = { ext4: 48n * MiB, xfs: 352n * MiB, btrfs: 176n * MiB };
const secrets = { encryptionPassphrase: "correct horse\nbattery" };
const context = { encryption: "luks2" };

describe("an encrypted volume", () => {
  const node = nodeRig();
  const mapperOf = (volume: AttachedVolume) => `/dev/mapper/${mapperName(volume.id)}`;
  const stage = (volume: AttachedVolume, use: Use = {}, path = volume.staging) =>
    node.stage(volume, { secrets, ...use }, path, context);

  it("needs its passphrase before anything else", async () => {
    const volume = await node.volume(SIZES.ext4);
    for (const secrets of [{}, { encryptionPassphrase: "" }, { other: "x" }]) {
      await refused(stage(volume, { secrets }), "INVALID_ARGUMENT", "encryptionPassphrase");
    }
  });

  it("is refused on a plain disk, and a LUKS disk is no plain volume", async () => {
    const [plain, locked] = [await node.volume(SIZES.ext4), await node.volume(SIZES.ext4)];
    await node.stage(plain);
    await node.unstage(plain);
    await run("cryptsetup", [
      "luksFormat",
      "-q",
      "--pbkdf",
      "pbkdf2",
      "--pbkdf-force-iterations",
      "1000",
      locked.device,
      "/etc/hostname",
    ]);
    const before = [await checksum(plain.device), await checksum(locked.device)];
    await refused(stage(plain), "FAILED_PRECONDITION", whyNoMapper() === undefined ? "ext4 that is not" : "");
    await refused(node.stage(locked), "FAILED_PRECONDITION", "holds crypto_LUKS, and is not to be encrypted");
    expect([await checksum(plain.device), await checksum(locked.device)]).to.deep.equal(before);
  });

  describe("where the kernel has no device mapper", () => {
    before(function () {
      if (whyNoMapper() !== undefined) return;
      console.log("      skipped: this kernel has a device mapper");
      this.skip();
    });

    for (const access of ["mount", "block"] as const) {
      it(`is refused for ${access} before anything is written`, async () => {
        const volume = await node.volume(SIZES.ext4);
        const before = await checksum(volume.device);
        await refused(stage(volume, { access }), "FAILED_PRECONDITION", "no device mapper");
        expect(await checksum(volume.device)).to.equal(before);
        await node.unstage(volume);
        await node.detach(volume);
      });
    }
  });

  describe("where the kernel has a device mapper", () => {
    before(needsDeviceMapper);

    for (const fsType of ["ext4", "xfs", "btrfs"] as const) {
      it(`keeps its files in ${fsType} through unstage and detach, unreadable on its disk`, async () => {
        const volume = await node.volume(SIZES[fsType]);
        for (let i = 0; i < 2; i++) await stage(volume, { fsType });
        await writeFile(join(volume.staging, "file"), "plain text ".repeat(10_000), { flush: true });
        await node.publish(volume, { context });
        await node.unpublish(volume);
        await node.unstage(volume);
        expect(existsSync(mapperOf(volume))).to.equal(false);
        const raw = await readBytes(volume.device, 0, Number(SIZES[fsType]));
        expect(raw.includes("plain text plain text")).to.equal(false);
        await node.detach(volume);
        const again = await node.attach(volume.id);
        await stage(again, { fsType });
        expect((await readFile(join(volume.staging, "file"), "utf8")).length).to.equal(110_000);
        await node.unstage(again);
      });

      it(`grows its mapper and its ${fsType}, when mounted where it may, and when staged`, async () => {
        const volume = await node.volume(SIZES[fsType]);
        await stage(volume, { fsType });
        const before = (await node.stats(volume, volume.staging)).bytes?.total ?? 0;
        await node.grow(volume, 2n * SIZES[fsType]);
        await refused(
          node.expand(volume, volume.staging, 2n * SIZES[fsType]),
          "INVALID_ARGUMENT",
          "passphrase",
        );
        await node.expand(volume, volume.staging, 2n * SIZES[fsType], secrets);
        expect((await node.stats(volume, volume.staging)).bytes?.total ?? 0).to.be.above(before * 1.5);
        await node.unstage(volume);
        await node.grow(volume, 3n * SIZES[fsType]);
        await stage(volume, { fsType });
        expect((await node.stats(volume, volume.staging)).bytes?.total ?? 0).to.be.above(before * 2.4);
        await node.unstage(volume);
      });
    }

    it("is not unlocked by another passphrase, and stays as it is", async () => {
      const volume = await node.volume(SIZES.ext4);
      await stage(volume);
      await node.unstage(volume);
      const before = await checksum(volume.device);
      const wrong = { encryptionPassphrase: "wrong" };
      await refused(stage(volume, { secrets: wrong }), "UNAUTHENTICATED", "does not unlock");
      expect(await checksum(volume.device)).to.equal(before);
      expect(existsSync(mapperOf(volume))).to.equal(false);
    });

    it("shows the unlocked device of a raw block volume", async () => {
      const volume = await node.volume(SIZES.ext4);
      const use = { access: "block", context } as const;
      for (let i = 0; i < 2; i++) await stage(volume, use);
      for (let i = 0; i < 2; i++) await node.publish(volume, use);
      const bytes = randomBytes(65536);
      await writeFile(volume.target, bytes, { flag: "r+", flush: true });
      await stage(volume, use);
      expect((await readBytes(volume.target, 0, 65536)).equals(bytes)).to.equal(true);
      await node.grow(volume, 2n * SIZES.ext4);
      await node.expand(volume, volume.target, 2n * SIZES.ext4, secrets);
      expect(BigInt(await run("blockdev", ["--getsize64", volume.target]))).to.equal(
        2n * SIZES.ext4 - 16n * MiB,
      );
      await node.unpublish(volume);
      await node.unstage(volume);
      await node.detach(volume);
    });

    it("gets its file system when an earlier attempt was cut off at any step", async () => {
      const volume = await node.volume(SIZES.ext4);
      const { guest } = node.parts;
      const address = { kind: "loop", backingFile: volume.publishContext["backingFile"]! } as const;
      const disk = await guest.findDisk(address, volume.id, node.call());
      await guest.encryption.initialise(disk, secrets.encryptionPassphrase);
      const plain = await guest.encryption.unlock(disk, secrets.encryptionPassphrase);
      expect(plain.neverUsed).to.equal(true);
      await writeFile(plain.device, randomBytes(1024 * 1024), { flag: "r+" });
      await disk.release();
      await stage(volume);
      await writeFile(join(volume.staging, "file"), "kept");
      await node.unstage(volume);
      await stage(volume);
      expect(await readFile(join(volume.staging, "file"), "utf8")).to.equal("kept");
      await node.unstage(volume);
    });

    it("is unlocked anew, and never through what an earlier disk left", async () => {
      const [volume, other] = [await node.volume(SIZES.ext4), await node.volume(SIZES.ext4)];
      for (const each of [volume, other]) {
        await stage(each);
        await writeFile(join(each.staging, "file"), each.id);
        await node.unstage(each);
      }
      const key = node.local.path("key");
      await writeFile(key, secrets.encryptionPassphrase);
      await run("cryptsetup", ["open", "--key-file", key, other.device, mapperName(volume.id)]);
      await stage(volume);
      expect(await readFile(join(volume.staging, "file"), "utf8")).to.equal(volume.id);
      await node.unstage(volume);

      await run("cryptsetup", ["open", "--key-file", key, other.device, mapperName(volume.id)]);
      const elsewhere = `${volume.staging}-elsewhere`;
      await run("mkdir", [elsewhere]);
      await run("mount", [mapperOf(volume), elsewhere]);
      await refused(stage(volume), "FAILED_PRECONDITION", "unlocked from another disk");
      await run("umount", [elsewhere]);
      await stage(volume);
      await stage(volume, {}, elsewhere);
      await node.unstage(volume);
      expect(await readFile(join(elsewhere, "file"), "utf8")).to.equal(volume.id);
      await node.unstage(volume, elsewhere);
      expect((await runAny("cryptsetup", ["status", mapperName(volume.id)])).exitCode).to.equal(4);
    });
  });
});
