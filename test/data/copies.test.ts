import { randomBytes } from "node:crypto";
import { mkdir, open, statfs } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { MiB } from "../../src/kit/sizes.ts";
import { checksum } from "../support/device-bytes.ts";
import { capability } from "../support/node-rig.ts";
import {
  mountAgain,
  mountedVolume,
  type RunningUp,
  startUp,
  unmountAndDetach,
  upDirectory,
  type UpVolume,
} from "../support/running-up.ts";

const SIZE = 320n * MiB;
const use = { fsType: "xfs" };

describe("copies of a volume", () => {
  const { path, state } = upDirectory();
  let up: RunningUp;
  before(async () => {
    up = await startUp(state());
  });
  after(() => up.stop("SIGTERM"));

  async function write(volume: UpVolume, name: string): Promise<string> {
    const file = await open(join(volume.target, name), "wx");
    await file.write(randomBytes(8 * 1024 * 1024));
    await file.sync();
    await file.close();
    return await checksum(join(volume.target, name));
  }

  /** Makes a volume of a source, and mounts it. */
  async function copy(name: string, source: object, size = 0n): Promise<UpVolume> {
    const { volume } = await up.controller.CreateVolume({
      name,
      volume_content_source: source,
      capacity_range: { required_bytes: String(size), limit_bytes: "0" },
      volume_capabilities: [capability(use)],
    });
    const staging = path("pods", name, "staging");
    await mkdir(staging, { recursive: true });
    return await mountAgain(up, {
      id: String(volume?.volume_id),
      use,
      staging,
      target: path("pods", name, "target"),
    });
  }

  it("hold what it held when they were cut, through snapshot, restore, clone and growth, all mounted at once", async () => {
    const origin = await mountedVolume(up, path("pods"), SIZE, use);
    const first = await write(origin, "first");
    await unmountAndDetach(up, origin);
    const { snapshot } = await up.controller.CreateSnapshot({ name: "cut", source_volume_id: origin.id });
    const snapshot_id = String(snapshot?.snapshot_id);
    await mountAgain(up, origin);
    const second = await write(origin, "second");

    const restored = await copy("restored", { snapshot: { snapshot_id } }, 2n * SIZE);
    expect(await checksum(join(restored.target, "first"))).to.equal(first);
    await checksum(join(restored.target, "second")).then(
      () => expect.fail("it was written after the cut"),
      () => undefined,
    );
    const room = await statfs(restored.target);
    expect(room.blocks * room.bsize, "its file system has grown with it").to.be.above(Number(SIZE));

    const third = await write(restored, "third");
    await unmountAndDetach(up, restored);
    const clone = await copy("clone", { volume: { volume_id: restored.id } });
    await mountAgain(up, restored);
    for (const [name, sum] of Object.entries({ first, third })) {
      expect(await checksum(join(clone.target, name)), name).to.equal(sum);
    }

    // What is done to one is not seen in another, nor is its end.
    await write(clone, "fourth");
    await unmountAndDetach(up, origin);
    await up.controller.DeleteVolume({ volume_id: origin.id });
    const late = await copy("late", { snapshot: { snapshot_id } });
    expect(await checksum(join(late.target, "first"))).to.equal(first);
    expect(second).not.to.equal(first);
    await up.controller.DeleteSnapshot({ snapshot_id });
    expect(await checksum(join(restored.target, "third"))).to.equal(third);
    for (const volume of [restored, clone, late]) {
      await unmountAndDetach(up, volume);
      await up.controller.DeleteVolume({ volume_id: volume.id });
    }
  });
});
