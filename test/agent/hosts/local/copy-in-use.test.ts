import { randomBytes, randomUUID } from "node:crypto";
import { mkdir, open, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { Engine } from "../../../../src/agent/engine/engine.ts";
import type { Snapshot, Volume } from "../../../../src/agent/engine/model.ts";
import { openEngine, type OpenEngine } from "../../../../src/agent/engine/open-engine.ts";
import { knownPools } from "../../../support/known-pools.ts";
import { defaultEngineSettings } from "../../../../src/agent/engine/settings.ts";
import { localHost } from "../../../../src/agent/hosts/local/local-host.ts";
import { declaredVm } from "../../../../src/agent/hosts/local/vms.ts";
import { silentLog } from "../../../../src/kit/log.ts";
import { createMetrics } from "../../../../src/kit/metrics.ts";
import { run, runAny } from "../../../../src/kit/run.ts";
import { MiB } from "../../../../src/kit/sizes.ts";
import { exactly, newVolume } from "../../../support/engine-rig.ts";
import { context } from "../../../support/local-rig.ts";
import { loopAt } from "../../../support/device-bytes.ts";
import { needsLoopDevices } from "../../../support/needs-loop-devices.ts";
import { refused } from "../../../support/refused.ts";
import { scratchDirectory } from "../../../support/scratch-directory.ts";
import { mountXfsImage } from "../../../support/xfs-image.ts";

describe("local host: snapshots of volumes in use", function () {
  this.timeout(300_000);
  const path = scratchDirectory();
  const vm = declaredVm(randomUUID(), "one");
  let opened: OpenEngine | undefined;
  let engine: Engine;
  before(needsLoopDevices);
  before(async () => {
    await mountXfsImage(path("xfs.img"), path("pool"), 1);
    opened = await openEngine(
      {
        pools: [{ name: "default", directory: path("pool") }],
        groups: ["test"],
        owner: "a test",
        known: knownPools(),
      },
      localHost([vm]),
      defaultEngineSettings,
      createMetrics(),
      silentLog(),
    );
    engine = opened.engine;
  });
  after(() => opened?.close());

  async function attached(): Promise<{ volume: Volume; device: string }> {
    const volume = await engine.createVolume(newVolume(randomUUID(), exactly(64n * MiB)), context());
    const { address } = await engine.attach(vm.id, volume.id, false, undefined, context());
    return { volume, device: loopAt(address).device };
  }

  async function mounted(): Promise<{ volume: Volume; device: string; mount: string }> {
    const { volume, device } = await attached();
    const mount = path(randomUUID());
    await mkdir(mount);
    await run("mkfs.ext4", ["-q", device]);
    await run("mount", [device, mount]);
    return { volume, device, mount };
  }

  /** Attaches a copy of a snapshot and mounts it somewhere. */
  async function restored(snapshot: Snapshot): Promise<string> {
    const source = { kind: "snapshot", id: snapshot.id } as const;
    const volume = await engine.createVolume(
      { ...newVolume(randomUUID(), exactly(0n), { source }), size: undefined },
      context(),
    );
    const { address } = await engine.attach(vm.id, volume.id, false, undefined, context());
    const loop = loopAt(address);
    const mount = path(randomUUID());
    await mkdir(mount);
    await run("mount", [loop.device, mount]);
    return mount;
  }

  const snapshotOf = ({ id }: Volume) =>
    engine.createSnapshot({ name: randomUUID(), sourceVolumeId: id, labels: {} }, context());

  it("hold all that was written before, and the volume goes on", async () => {
    const { volume, mount } = await mounted();
    const content = randomBytes(1 << 20);
    await writeFile(join(mount, "before"), content);
    const snapshot = await snapshotOf(volume);
    await writeFile(join(mount, "after"), "x");
    const copy = await restored(snapshot);
    expect((await readFile(join(copy, "before"))).equals(content)).to.equal(true);
    expect(await readdir(copy)).not.to.include("after");
    expect(await readdir(mount)).to.include.members(["before", "after"]);
  });

  it("hold what a raw block user has written, too", async () => {
    const { volume, device } = await attached();
    const content = randomBytes(4096);
    const raw = await open(device, "r+");
    try {
      await raw.write(content, 0, content.length, 8192);
      const snapshot = await snapshotOf(volume);
      const page = await engine.blocks(snapshot.id, undefined, 0n, 0, context());
      expect(page.blocks.some(({ offset, length }) => offset <= 8192n && offset + length >= 12288n)).to.equal(
        true,
      );
      await refused(
        engine.createSnapshotGroup("raw", [volume.id, (await attached()).volume.id], {}, context()),
        "FAILED_PRECONDITION",
        "without a file system",
      );
    } finally {
      await raw.close();
    }
  });

  it("of a group are of one instant", async () => {
    const [one, other] = [await mounted(), await mounted()];
    const writing = { on: true };
    let last = 0;
    // Each number is durable on the first before it is on the second: the copies may be one apart, never more.
    const write = async (file: string, text: string) => {
      const handle = await open(file, "w");
      await handle.write(text);
      await handle.datasync();
      await handle.close();
    };
    const writer = (async () => {
      for (; writing.on; last++) {
        await write(join(one.mount, `n-${last}`), "x");
        await write(join(other.mount, `n-${last}`), "x");
      }
    })();
    try {
      for (let round = 0; round < 3; round++) {
        const group = await engine.createSnapshotGroup(
          `round-${round}`,
          [one.volume.id, other.volume.id],
          {},
          context(),
        );
        const count = async (volumeId: string) => {
          const snapshot = group.snapshots.find(({ sourceVolumeId }) => sourceVolumeId === volumeId)!;
          const names = await readdir(await restored(snapshot));
          return names.filter((name) => name.startsWith("n-")).length;
        };
        const [first, second] = [await count(one.volume.id), await count(other.volume.id)];
        expect(first - second, `${first} and ${second}`).to.be.within(0, 1);
      }
    } finally {
      writing.on = false;
      await writer;
    }
    expect(last).to.be.above(3);
    const { exitCode } = await runAny("fsfreeze", ["--unfreeze", one.mount]);
    expect(exitCode, "nothing is frozen any more").not.to.equal(0);
  });
});
