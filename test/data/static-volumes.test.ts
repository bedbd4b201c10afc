import { randomBytes, randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { run } from "../../src/kit/run.ts";
import { MiB } from "../../src/kit/sizes.ts";
import { createVhdx, inspectVhdx, readIdentity } from "../../src/vhdx/index.ts";
import { readBytes } from "../support/device-bytes.ts";
import { capability, type Use } from "../support/node-rig.ts";
import {
  grow,
  mountAgain,
  type RunningUp,
  startUp,
  unmountAndDetach,
  upDirectory,
  type UpVolume,
} from "../support/running-up.ts";
import { loopsBelow } from "../support/scratch-directory.ts";

const SIZE = 320n * MiB;
/** The group that `up` serves. */
const GROUP = "local";

/** How a PersistentVolume may name a disk that it did not make. */
const handles = {
  "group and id": (id: string) => `${GROUP}/${id}`,
  "a bare id": (id: string) => id,
  "a bare id in capitals": (id: string) => id.toUpperCase(),
  "group and id in capitals": (id: string) => `${GROUP}/${id.toUpperCase()}`,
};

describe("a disk that was put into the pool by hand", () => {
  const { path, state } = upDirectory();
  const pool = () => join(state(), "pool");
  let up: RunningUp;
  /** What each disk holds before the agent knows of it. */
  const disks = new Map<string, { id: string; file: string }>();

  /** A disk of another maker's, with the file system of a guest on it or blank. */
  async function putDisk(name: string, content: "blank" | "xfs"): Promise<void> {
    const id = randomUUID();
    const made = path(`${name}.vhdx`);
    await createVhdx(made, { type: "fixed", virtualDiskId: id, size: SIZE });
    if (content === "xfs") await fillDisk(made);
    const file = join(pool(), `${name};${id}.vhdx`);
    await rename(made, file);
    disks.set(name, { id, file });
  }

  async function fillDisk(file: string): Promise<void> {
    const { payloadOffset } = await inspectVhdx(file);
    const args = ["--find", "--show", "--offset", String(payloadOffset), "--sizelimit", String(SIZE), file];
    const loop = (await run("losetup", args)).trim();
    const place = await mkdtemp(path("fill-"));
    try {
      await run("mkfs.xfs", ["-q", "-L", "old", loop]);
      await run("mount", [loop, place]);
      await writeFile(join(place, "old"), "of the former owner", { flush: true });
      await run("umount", [place]);
    } finally {
      await run("losetup", ["--detach", loop]);
    }
  }

  before(async () => {
    await mkdir(pool(), { recursive: true });
    for (const [index] of Object.keys(handles).entries()) {
      await putDisk(`holds-${index}`, "xfs");
      await putDisk(`blank-${index}`, "blank");
      await putDisk(`block-${index}`, "blank");
    }
    up = await startUp(state());
  });
  after(async () => {
    await up.stop("SIGTERM");
    expect(loopsBelow(state())).to.deep.equal([]);
  });

  async function publish(handle: string, use: Use): Promise<UpVolume> {
    const place = await mkdtemp(path("pod-"));
    const staging = join(place, "staging");
    await mkdir(staging);
    return await mountAgain(up, { id: handle, use, staging, target: join(place, "target") });
  }

  async function statsOf({ id, target }: UpVolume): Promise<number> {
    const { usage } = await up.node.NodeGetVolumeStats({ volume_id: id, volume_path: target });
    return Number(usage?.find(({ unit }) => unit === "BYTES")?.total ?? 0);
  }

  async function expectHealthy({ id, staging, target }: UpVolume): Promise<void> {
    const { volume_health: seen } = await up.node.NodeGetVolumeHealth({
      volume_id: id,
      staging_target_path: staging,
      volume_publish_path: target,
    });
    expect(seen?.health_statuses ?? []).to.deep.equal([]);
    const { volume_health: told } = await up.controller.ControllerGetVolumeHealth({ volume_id: id });
    expect(told?.health_statuses ?? []).to.deep.equal([]);
  }

  /** Cuts a snapshot of a detached volume, and hands over what a volume restored from it holds. */
  async function throughSnapshot<T>(
    handle: string,
    use: Use,
    look: (copy: UpVolume) => Promise<T>,
  ): Promise<T> {
    const { snapshot } = await up.controller.CreateSnapshot({ name: randomUUID(), source_volume_id: handle });
    const snapshot_id = String(snapshot?.snapshot_id);
    const { volume } = await up.controller.CreateVolume({
      name: randomUUID(),
      volume_content_source: { snapshot: { snapshot_id } },
      volume_capabilities: [capability(use)],
    });
    const copy = await publish(String(volume?.volume_id), use);
    const found = await look(copy);
    await unmountAndDetach(up, copy);
    await up.controller.DeleteVolume({ volume_id: copy.id });
    await up.controller.DeleteSnapshot({ snapshot_id });
    return found;
  }

  async function expectDeleted(handle: string, file: string): Promise<void> {
    await up.controller.DeleteVolume({ volume_id: handle });
    expect((await readdir(pool())).filter((name) => file.endsWith(name))).to.deep.equal([]);
  }

  for (const [index, [what, handleOf]] of Object.entries(handles).entries()) {
    const disk = (name: string) => disks.get(`${name}-${index}`)!;

    it(`keeps its file system through the whole life: ${what}`, async () => {
      const { id, file } = disk("holds");
      const handle = handleOf(id);
      // No file system is named: what is there is taken.
      const volume = await publish(handle, {});
      expect(await readFile(join(volume.target, "old"), "utf8")).to.equal("of the former owner");
      await writeFile(join(volume.target, "new"), "of ours", { flush: true });
      await expectHealthy(volume);
      const before = await statsOf(volume);
      await grow(up, volume, 2n * SIZE);
      expect(await statsOf(volume)).to.be.above(before * 1.5);
      await unmountAndDetach(up, volume);
      expect((await readIdentity(file)).virtualDiskId).to.equal(id);
      const copied = await throughSnapshot(handle, { fsType: "xfs" }, async ({ target }) => [
        await readFile(join(target, "old"), "utf8"),
        await readFile(join(target, "new"), "utf8"),
      ]);
      expect(copied).to.deep.equal(["of the former owner", "of ours"]);
      const again = await publish(handle, { fsType: "xfs" });
      expect(await readFile(join(again.target, "new"), "utf8")).to.equal("of ours");
      await unmountAndDetach(up, again);
      await expectDeleted(handle, file);
    });

    it(`gets a file system when it is blank: ${what}`, async () => {
      const { id, file } = disk("blank");
      const volume = await publish(handleOf(id), { fsType: "xfs" });
      await writeFile(join(volume.target, "file"), "kept", { flush: true });
      await unmountAndDetach(up, volume);
      const again = await publish(handleOf(id), { fsType: "xfs" });
      expect(await readFile(join(again.target, "file"), "utf8")).to.equal("kept");
      await unmountAndDetach(up, again);
      await expectDeleted(handleOf(id), file);
    });

    it(`is a raw block volume as it is: ${what}`, async () => {
      const { id, file } = disk("block");
      const use = { access: "block" } as const;
      const volume = await publish(handleOf(id), use);
      const bytes = randomBytes(65536);
      await writeFile(volume.target, bytes, { flag: "r+", flush: true });
      expect(await statsOf(volume)).to.equal(Number(SIZE));
      await expectHealthy(volume);
      await grow(up, volume, 2n * SIZE);
      expect(await statsOf(volume)).to.equal(Number(2n * SIZE));
      await unmountAndDetach(up, volume);
      const copied = await throughSnapshot(handleOf(id), use, ({ target }) => readBytes(target, 0, 65536));
      expect(copied.equals(bytes)).to.equal(true);
      await expectDeleted(handleOf(id), file);
    });
  }

  it("is listed under its group's handle, whatever the PersistentVolume calls it", async () => {
    await up.stop("SIGTERM");
    await putDisk("listed", "blank");
    up = await startUp(state());
    const { id, file } = disks.get("listed")!;
    const volume = await publish(id.toUpperCase(), { fsType: "xfs" });
    const { entries } = await up.controller.ListVolumes({});
    const found = entries?.find((entry) => entry.volume?.volume_id === `${GROUP}/${id}`);
    expect(found?.status?.published_node_ids).to.deep.equal([up.nodeId]);
    await unmountAndDetach(up, volume);
    await expectDeleted(`${GROUP}/${id}`, file);
  });
});
