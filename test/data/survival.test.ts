import { randomBytes } from "node:crypto";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { listLoopDevices } from "../../src/kit/loop-devices.ts";
import { readMountTable } from "../../src/kit/mount-table.ts";
import { MiB } from "../../src/kit/sizes.ts";
import { checksum, writeBytes } from "../support/device-bytes.ts";
import { mountAgain, mountedVolume, startUp, unmountAndDetach, upDirectory } from "../support/running-up.ts";
import type { RunningUp } from "../support/running-up.ts";

const uses = {
  ext4: { size: 64n * MiB, use: { fsType: "ext4" } },
  xfs: { size: 320n * MiB, use: { fsType: "xfs" } },
  btrfs: { size: 128n * MiB, use: { fsType: "btrfs" } },
  block: { size: 32n * MiB, use: { access: "block" } },
} as const;

describe("data that was written", () => {
  const { path, state } = upDirectory();
  let up: RunningUp;

  before(async () => {
    up = await startUp(state());
  });
  after(() => up.stop("SIGTERM"));

  /** Writes through the pod's path and returns a function that gives the checksum of what is there. */
  async function write(target: string, access: string): Promise<() => Promise<string>> {
    const bytes = randomBytes(5 * 1024 * 1024 + 17);
    if (access === "block") {
      await writeBytes(target, 4096, bytes);
      return () => checksum(target);
    }
    await writeFile(join(target, "data"), bytes, { flush: true });
    return () => checksum(join(target, "data"));
  }

  for (const [name, { size, use }] of Object.entries(uses)) {
    it(`to ${name} can be read and written on while the agent is killed and back`, async () => {
      const volume = await mountedVolume(up, path("pods"), size, use);
      const sum = await write(volume.target, name);
      const written = await sum();
      await up.stop("SIGKILL");
      expect(await sum()).to.equal(written);
      const more = await (await write(volume.target, name))();

      up = await startUp(state());
      const { entries = [] } = await up.controller.ListVolumes({});
      const listed = entries.find((entry) => entry.volume?.volume_id === volume.id);
      expect(listed?.status?.published_node_ids).to.deep.equal([up.nodeId]);
      const again = await mountAgain(up, volume);
      expect(again.publishContext).to.deep.equal(volume.publishContext);
      expect(await sum()).to.equal(more);

      await unmountAndDetach(up, volume);
      await mountAgain(up, volume);
      expect(await sum()).to.equal(more);
      await unmountAndDetach(up, volume);
      await up.controller.DeleteVolume({ volume_id: volume.id });
      expect(await traces(volume.id)).to.deep.equal([]);
    });
  }

  it(`is there after a detach, a clean restart of the agent, and another attach`, async () => {
    const volume = await mountedVolume(up, path("pods"), uses.ext4.size, uses.ext4.use);
    const sum = await write(volume.target, "mount");
    const written = await sum();
    await unmountAndDetach(up, volume);
    await mountAgain(up, volume);
    expect(await sum()).to.equal(written);

    await unmountAndDetach(up, volume);
    expect(await up.stop("SIGTERM")).to.equal(0);
    up = await startUp(state());
    await mountAgain(up, volume);
    expect(await sum()).to.equal(written);
  });

  /** Whatever the machine still has of a volume: devices, mounts, files. */
  async function traces(handle: string): Promise<string[]> {
    const id = handle.split("/")[1]!;
    const devices = listLoopDevices().map(({ backingFile }) => backingFile);
    const mounts = (await readMountTable()).map(({ mountPoint }) => mountPoint);
    const files = await readdir(join(state(), "pool"), { recursive: true });
    return [...devices, ...mounts, ...files].filter((each) => each.includes(id));
  }

  it("of a volume is in its file, at the place that the format says", async () => {
    const volume = await mountedVolume(up, path("pods"), 16n * MiB, { access: "block" });
    const bytes = randomBytes(4096);
    await writeBytes(volume.target, 8192, bytes);
    const id = volume.id.split("/")[1]!;
    const file = (await readdir(join(state(), "pool"))).find((name) => name.includes(id))!;
    const content = await readFile(join(state(), "pool", file));
    expect(
      content
        .subarray(-16 * 1024 * 1024 + 8192)
        .subarray(0, 4096)
        .equals(bytes),
    ).to.equal(true);
    expect((await stat(join(state(), "pool", file))).nlink).to.equal(2);
  });
});
