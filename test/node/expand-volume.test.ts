import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { run } from "../../src/kit/run.ts";
import { MiB } from "../../src/kit/sizes.ts";
import { mayGrowMountedExt4 } from "../../src/node/linux/growth.ts";
import { checksum, loopAt } from "../support/device-bytes.ts";
import { nodeRig, type AttachedVolume } from "../support/node-rig.ts";
import { nodeSystems, type SystemRig } from "../support/node-systems.ts";
import { refused } from "../support/refused.ts";

const SIZE = 64n * MiB;

for (const system of nodeSystems) {
  describe(`NodeExpandVolume on ${system.name}`, () => {
    const rig = system.rig();
    const usual = system.fileSystems[0];
    let node: SystemRig["node"];
    before(() => ({ node } = rig.get));

    async function published(fsType: string, size: bigint, readOnly = false): Promise<AttachedVolume> {
      const volume = await node.volume(size);
      await node.stage(volume, { fsType });
      await node.publish(volume, { readOnly });
      return volume;
    }
    const totalOf = async (volume: AttachedVolume, path = volume.target) =>
      (await node.stats(volume, path)).bytes?.total ?? 0;

    for (const [fsType, size] of system.fileSystems.filter(([name]) => system.growing.includes(name))) {
      const twice = 2n * size;

      it(`grows ${fsType} while it is mounted, again without harm, and keeps its files`, async () => {
        const volume = await published(fsType, size);
        const bytes = randomBytes(1024 * 1024);
        await writeFile(join(volume.target, "file"), bytes);
        await node.grow(volume, twice);
        for (const path of [volume.target, volume.target, volume.staging]) {
          expect(await node.expand(volume, path, twice)).to.deep.equal({ capacity_bytes: String(twice) });
        }
        expect(await totalOf(volume)).to.be.above(Number(twice) * 0.75);
        expect((await readFile(join(volume.target, "file"))).equals(bytes)).to.equal(true);
      });

      it(`grows ${fsType} through the path of a pod that only reads`, async () => {
        const volume = await published(fsType, size, true);
        await node.grow(volume, twice);
        await node.expand(volume, volume.target, twice);
        expect(await totalOf(volume)).to.be.above(Number(twice) * 0.75);
      });

      it(`grows ${fsType} at the next stage after it was expanded while detached`, async () => {
        const volume = await published(fsType, size);
        await node.unpublish(volume);
        await node.unstage(volume);
        await node.detach(volume);
        await node.grow(volume, twice);
        const again = await node.attach(volume.id);
        await node.stage(again);
        expect(await totalOf(again, again.staging)).to.be.above(Number(twice) * 0.75);
      });
    }

    it("is refused before the host has grown the disk", async () => {
      const volume = await published(...usual);
      await refused(node.expand(volume, volume.target, 2n * usual[1]), "UNAVAILABLE", "has not grown");
      await refused(node.expand(volume, volume.target, -1n), "INVALID_ARGUMENT", "negative");
    });

    it("knows a volume only where it is", async () => {
      const [volume, other] = [await published(...usual), await node.volume()];
      const nowhere = ["/", "/tmp", "relative", node.local.path("absent"), other.staging];
      for (const path of nowhere) await refused(node.expand(volume, path, 0n), "NOT_FOUND");
      await refused(node.expand(other, volume.target, 0n), "NOT_FOUND", other.id);
    });
  });
}

describe("NodeExpandVolume of ext4 and of raw block volumes", () => {
  const node = nodeRig();

  async function published(): Promise<AttachedVolume> {
    const volume = await node.volume(SIZE);
    await node.stage(volume, { fsType: "ext4" });
    await node.publish(volume);
    return volume;
  }

  const totalOf = async (volume: AttachedVolume, path = volume.target) =>
    (await node.stats(volume, path)).bytes?.total ?? 0;

  it("grows ext4 while it is mounted, or says which capability it lacks", async () => {
    const volume = await published();
    await writeFile(join(volume.target, "file"), "kept");
    const size = 2n * SIZE;
    await node.grow(volume, size);
    const before = await totalOf(volume);
    if (await mayGrowMountedExt4()) {
      console.log("      tested: ext4 grows while it is mounted");
      await node.expand(volume, volume.target, size);
      expect(await totalOf(volume)).to.be.above(before * 1.5);
    } else {
      console.log("      tested: this process lacks CAP_SYS_RESOURCE and says so");
      await refused(node.expand(volume, volume.target, size), "FAILED_PRECONDITION", "CAP_SYS_RESOURCE");
      expect(await totalOf(volume)).to.equal(before);
    }
    expect(await readFile(join(volume.target, "file"), "utf8")).to.equal("kept");
  });

  it("grows ext4 at the next stage, whatever this process may do, and mounts it as asked", async () => {
    const volume = await published();
    await writeFile(join(volume.target, "file"), "kept");
    const before = await totalOf(volume);
    await node.unpublish(volume);
    await node.unstage(volume);
    await node.grow(volume, 2n * SIZE);
    await node.stage(volume, { flags: ["noatime"] });
    expect(await totalOf(volume, volume.staging)).to.be.above(before * 1.5);
    expect(await readFile(join(volume.staging, "file"), "utf8")).to.equal("kept");
    await node.stage(volume, { flags: ["noatime"] });
    await node.expand(volume, volume.staging, 2n * SIZE);
  });

  it("leaves a read-only mount of a larger disk as it is", async () => {
    const volume = await published();
    const before = await totalOf(volume);
    await node.unpublish(volume);
    await node.unstage(volume);
    await node.grow(volume, 2n * SIZE);
    await node.stage(volume, { mode: "SINGLE_NODE_READER_ONLY" });
    expect(await totalOf(volume, volume.staging)).to.equal(before);
  });

  it("has only to look at a raw block volume", async () => {
    const volume = await node.volume();
    await node.publish(volume, { access: "block" });
    await node.grow(volume, 32n * MiB);
    const answer = await node.expand(volume, volume.target, 32n * MiB);
    expect(answer).to.deep.equal({ capacity_bytes: String(32n * MiB) });
    expect(loopAt({ kind: "loop", backingFile: volume.publishContext["backingFile"]! }).size).to.equal(
      32n * MiB,
    );
  });

  it("changes no byte of a raw block volume, also when its user made a file system on it", async () => {
    const volume = await node.volume(SIZE);
    const use = { access: "block" } as const;
    await node.stage(volume, use);
    await node.publish(volume, use);
    await run("mkfs.ext4", ["-q", "-F", volume.target]);
    await node.grow(volume, 2n * SIZE);
    const before = await checksum(volume.device);
    for (let again = 0; again < 2; again++) await node.expand(volume, volume.target, 2n * SIZE);
    await node.unpublish(volume);
    await node.unstage(volume);
    await node.stage(volume, use);
    await node.publish(volume, use);
    expect(await checksum(volume.device)).to.equal(before);
  });
});
