import { randomBytes } from "node:crypto";
import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { MiB } from "../../src/kit/sizes.ts";
import { inspectVhdx } from "../../src/vhdx/index.ts";
import { readBytes } from "../support/device-bytes.ts";
import { capability } from "../support/node-rig.ts";
import {
  grow,
  mountAgain,
  mountedVolume,
  startUp,
  unmountAndDetach,
  upDirectory,
} from "../support/running-up.ts";

const CHUNK = 64 * 1024;

describe("an agent killed with -9", () => {
  const { path, state } = upDirectory();
  const poolFiles = () => readdir(join(state(), "pool"));

  /** Writes and flushes chunk after chunk until told to stop; the chunks that were flushed. */
  function startWriter(file: string, most: number): { flushed: Buffer[]; stop: () => Promise<void> } {
    const flushed: Buffer[] = [];
    const stopping = new AbortController();
    const work = (async () => {
      const handle = await open(file, "w");
      try {
        while (!stopping.signal.aborted && flushed.length < most) {
          const chunk = randomBytes(CHUNK);
          await handle.write(chunk, 0, CHUNK, flushed.length * CHUNK);
          await handle.datasync();
          flushed.push(chunk);
        }
      } finally {
        await handle.close();
      }
    })();
    return {
      flushed,
      stop: () => {
        stopping.abort();
        return work;
      },
    };
  }

  async function expectChunks(file: string, chunks: readonly Buffer[]) {
    expect(chunks).not.to.be.empty;
    const found = await readBytes(file, 0, chunks.length * CHUNK);
    expect(found.equals(Buffer.concat(chunks))).to.equal(true);
  }

  it("in the middle of writes loses nothing that was flushed", async () => {
    let up = await startUp(state());
    const volume = await mountedVolume(up, path("pods"), 320n * MiB, { fsType: "xfs" });
    const file = join(volume.target, "data");
    const writer = startWriter(file, 2000);
    while (writer.flushed.length < 20) await new Promise((resolve) => setImmediate(resolve));
    await up.stop("SIGKILL");
    const atKill = writer.flushed.length;
    while (writer.flushed.length < atKill + 20) await new Promise((resolve) => setImmediate(resolve));
    await writer.stop();

    up = await startUp(state());
    await unmountAndDetach(up, volume);
    await mountAgain(up, volume);
    await expectChunks(file, writer.flushed);
    await up.stop("SIGTERM");
  });

  it("at any moment of an expansion leaves a disk that works and grows when asked again", async () => {
    let up = await startUp(state());
    const volume = await mountedVolume(up, path("pods"), 16n * MiB, { access: "block" });
    const mark = randomBytes(4096);
    const device = await open(volume.target, "r+");
    await device.write(mark, 0, mark.length, 8192);
    await device.sync();
    await device.close();
    for (const [round, afterMs] of [1, 5, 10, 20].entries()) {
      const size = BigInt(16 + 8 * (round + 1)) * MiB;
      const range = { required_bytes: String(size), limit_bytes: "0" };
      const cut = up.controller.ControllerExpandVolume({ volume_id: volume.id, capacity_range: range });
      cut.catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      await up.stop("SIGKILL");
      up = await startUp(state());
      await grow(up, volume, size);
      const { usage = [] } = await up.node.NodeGetVolumeStats({
        volume_id: volume.id,
        volume_path: volume.target,
      });
      expect(usage[0]?.total).to.equal(String(size));
      expect((await readBytes(volume.target, 8192, 4096)).equals(mark)).to.equal(true);
      expect(await readBytes(volume.target, Number(size) - 4096, 4096)).to.deep.equal(Buffer.alloc(4096));
    }
    await unmountAndDetach(up, volume);
    const file = (await poolFiles()).find((name) => name.includes(volume.id.split("/")[1]!))!;
    expect((await inspectVhdx(join(state(), "pool", file))).logReplayPending).to.equal(false);
    await up.stop("SIGTERM");
  });

  it("in a storm of creates and deletes keeps every answer it gave, and no name twice", async () => {
    let up = await startUp(state());
    const create = async (name: string) => {
      const { volume } = await up.controller.CreateVolume({
        name,
        capacity_range: { required_bytes: String(8n * MiB), limit_bytes: "0" },
        volume_capabilities: [capability()],
      });
      return String(volume?.volume_id);
    };
    const kept = new Map<string, string>();
    const gone = new Set<string>();
    const names = Array.from({ length: 120 }, (_, index) => `storm-${index}`);
    let answers = 0;
    const storm = names.map(async (name, index) => {
      const id = await create(name);
      answers++;
      if (index % 3 !== 0) return kept.set(name, id);
      await up.controller.DeleteVolume({ volume_id: id });
      return gone.add(id);
    });
    const ended = Promise.allSettled(storm);
    while (answers < 40) await new Promise((resolve) => setImmediate(resolve));
    await up.stop("SIGKILL");
    await ended;
    expect(kept.size + gone.size).to.be.below(names.length);

    up = await startUp(state());
    expect(await readdir(join(state(), "pool", ".tmp"))).to.deep.equal([]);
    const { entries = [] } = await up.controller.ListVolumes({});
    const listed = entries.map((entry) => entry.volume?.volume_id);
    expect(listed).to.include.members([...kept.values()]);
    for (const id of gone) expect(listed).not.to.include(id);
    for (const name of names) {
      const id = await create(name);
      expect(kept.get(name) ?? id).to.equal(id);
    }
    const disks = (await poolFiles()).filter((name) => name.startsWith("storm-"));
    expect(disks.map((name) => name.split(";")[0]).sort()).to.deep.equal([...names].sort());
    await up.stop("SIGTERM");
  });
});
