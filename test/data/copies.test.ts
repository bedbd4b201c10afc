import { mkdir } from "node:fs/promises";
import { expect } from "chai";
import { MiB } from "../../src/kit/sizes.ts";
import { mayGrowMountedExt4 } from "../../src/node/linux/growth.ts";
import { capability, type Use } from "../support/node-rig.ts";
import {
  grow,
  mountAgain,
  mountedVolume,
  type RunningUp,
  startUp,
  unmountAndDetach,
  upDirectory,
  type UpVolume,
} from "../support/running-up.ts";
import { leaveMark, type Mark, markIn, marks, roomOf } from "./marks.ts";

/** Marks that a volume should hold, with their checksums; all others should not be there. */
type Held = Partial<Record<Mark, string>>;

const kinds: readonly (readonly [string, bigint, Use])[] = [
  ["xfs", 320n * MiB, { fsType: "xfs" }],
  ["ext4", 64n * MiB, { fsType: "ext4" }],
  ["raw block volumes", 64n * MiB, { access: "block" }],
];

describe("copies of a volume", () => {
  const { path, state } = upDirectory();
  let up: RunningUp;
  before(async () => {
    up = await startUp(state());
  });
  after(() => up.stop("SIGTERM"));

  /** Makes a volume of a source, and mounts it. */
  async function copy(name: string, use: Use, source: object, size = 0n): Promise<UpVolume> {
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

  async function expectHeld(volume: UpVolume, held: Held): Promise<void> {
    for (const mark of marks)
      expect(await markIn(volume, mark), `${volume.target} ${mark}`).to.equal(held[mark]);
  }

  /** Expands a volume that is mounted; a file system that can't grow so grows when it is staged again. */
  async function expand(volume: UpVolume, size: bigint): Promise<void> {
    if (volume.use.fsType !== "ext4" || (await mayGrowMountedExt4())) {
      await grow(up, volume, size);
      return;
    }
    const capacity_range = { required_bytes: String(size), limit_bytes: "0" };
    await up.controller.ControllerExpandVolume({ volume_id: volume.id, capacity_range });
    await unmountAndDetach(up, volume);
    await mountAgain(up, volume);
  }

  for (const [kind, size, use] of kinds) {
    it(`of ${kind} hold what it held when they were cut, through snapshot, larger restore, clone and growth, all at once`, async () => {
      const origin = await mountedVolume(up, path("pods"), size, use);
      const first = await leaveMark(origin, "first");
      await unmountAndDetach(up, origin);
      const { snapshot } = await up.controller.CreateSnapshot({
        name: `cut of ${kind}`,
        source_volume_id: origin.id,
      });
      const snapshot_id = String(snapshot?.snapshot_id);
      await mountAgain(up, origin);
      const second = await leaveMark(origin, "second");

      const restored = await copy(`restored-${kind}`, use, { snapshot: { snapshot_id } }, 2n * size);
      await expectHeld(restored, { first });
      expect(await roomOf(restored), "it has grown with its disk").to.be.above(Number(size) * 1.5);
      const third = await leaveMark(restored, "third");
      await unmountAndDetach(up, restored);
      const clone = await copy(`clone-${kind}`, use, { volume: { volume_id: restored.id } });
      await mountAgain(up, restored);
      await expand(clone, 3n * size);
      expect(await roomOf(clone), "it has grown with its disk").to.be.above(Number(size) * 2.5);
      const fourth = await leaveMark(clone, "fourth");

      // Side by side; what is done to one is not seen in another.
      const all = { origin: { first, second }, restored: { first, third }, clone: { first, third, fourth } };
      expect(new Set([first, second, third, fourth]).size).to.equal(4);
      await expectHeld(origin, all.origin);
      await expectHeld(restored, all.restored);
      await expectHeld(clone, all.clone);
      expect(await roomOf(origin)).to.be.at.most(Number(size));

      // Nor is the end of one.
      await unmountAndDetach(up, origin);
      await up.controller.DeleteVolume({ volume_id: origin.id });
      const late = await copy(`late-${kind}`, use, { snapshot: { snapshot_id } });
      await expectHeld(late, { first });
      await up.controller.DeleteSnapshot({ snapshot_id });
      for (const volume of [restored, clone]) {
        await unmountAndDetach(up, volume);
        await mountAgain(up, volume);
      }
      await expectHeld(restored, all.restored);
      await expectHeld(clone, all.clone);
      for (const volume of [restored, clone, late]) {
        await unmountAndDetach(up, volume);
        await up.controller.DeleteVolume({ volume_id: volume.id });
      }
    });
  }
});
