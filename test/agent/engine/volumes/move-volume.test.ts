import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { DirectorySync } from "../../../../src/agent/engine/pool/directory-sync.ts";
import type { Pool } from "../../../../src/agent/engine/pool/pool.ts";
import { MiB } from "../../../../src/kit/sizes.ts";
import { inspectVhdx } from "../../../../src/vhdx/index.ts";
import { readDisk, writeDisk } from "../../../support/disk-content.ts";
import { engineRigs, exactly, newVolume, restarted, type EngineRig } from "../../../support/engine-rig.ts";
import { fakeVm } from "../../../support/fake-host.ts";
import { flushes } from "../../../support/flushes.ts";
import { context } from "../../../support/local-rig.ts";
import { refused } from "../../../support/refused.ts";

describe("engine move", () => {
  const newRig = engineRigs();

  it("takes a volume to another pool with its id, name, content and labels", async () => {
    const rig = await newRig({ pools: 2 });
    const volume = await rig.engine.createVolume(
      newVolume("travels", exactly(8n * MiB), { pool: "default", labels: { app: "db" } }),
      context(),
    );
    const mark = randomBytes(512);
    await writeDisk(volume.path, 0n, mark);
    const moved = await rig.engine.moveVolume(volume.id, "pool-1", context());
    const path = join(rig.directories[1]!, `travels;${volume.id}.vhdx`);
    expect(moved).to.deep.equal({ ...volume, pool: "pool-1", path });
    expect((await readDisk(path, 0n, 512)).equals(mark)).to.equal(true);
    expect((await inspectVhdx(path)).virtualDiskId).to.equal(volume.id);
    expect((await readdir(rig.directories[0]!)).filter((name) => name.includes(";"))).to.deep.equal([]);
    expect((await rig.engine.moveVolume(volume.id, "pool-1", context())).path).to.equal(path);
    expect(rig.parts.inventory.claims.promised("default")).to.equal(0n);
    const record = await readFile(path.replace(/vhdx$/, "json"), "utf8");
    expect(record).not.to.include("movedFrom");
    await refused(rig.engine.moveVolume(volume.id, "nowhere", context()), "NOT_FOUND", "pool-1");
    await rig.engine.attach(fakeVm(1).id, volume.id, false, undefined, context());
    await refused(rig.engine.moveVolume(volume.id, "default", context()), "FAILED_PRECONDITION");
  });

  const disksIn = async (directory: string) =>
    (await readdir(directory)).filter((name) => name.includes(";"));
  const wanted = (name: string) =>
    newVolume(name, exactly(8n * MiB), { pool: "default", labels: { app: "db" } });

  /** A volume in the first of two pools, of which the engine has these parts changed. */
  async function toMove(change: Partial<Pool> = {}) {
    const rig = await newRig({ pools: 2, pool: change });
    return { rig, volume: await rig.engine.createVolume(wanted("stays"), context()) };
  }

  /** It is as it was: what is written to it now is there after a start, too. */
  async function expectStayed(rig: EngineRig, id: string): Promise<void> {
    const volume = await rig.engine.getVolume(id, context());
    expect(volume).to.include({ pool: "default" });
    expect(await disksIn(rig.directories[1]!)).to.deep.equal([]);
    const mark = randomBytes(512);
    await writeDisk(volume.path, 0n, mark);
    const after = await restarted(rig);
    try {
      const { path, labels } = await after.engine.getVolume(id, context());
      expect((await readDisk(path, 0n, 512)).equals(mark)).to.equal(true);
      expect(labels).to.deep.equal({ app: "db" });
    } finally {
      await after.close();
    }
  }

  it("that the host has to do with and can't leaves the volume where it was", async () => {
    const { rig, volume } = await toMove();
    const promised = rig.parts.inventory.claims.promised("default");
    const forget = rig.host.forget.bind(rig.host);
    rig.host.forget = () => Promise.reject(new Error("links are stuck"));
    await refused(rig.engine.moveVolume(volume.id, "pool-1", context()), "INTERNAL", "stuck");
    rig.host.forget = forget;
    expect(rig.parts.inventory.claims.promised("default")).to.equal(promised);
    await expectStayed(rig, volume.id);
  });

  it("whose disk can't leave takes the copy back", async () => {
    const { rig, volume } = await toMove();
    const promised = rig.parts.inventory.claims.promised("default");
    await mkdir(rig.pool.layout.gone(volume.id));
    await refused(rig.engine.moveVolume(volume.id, "pool-1", context()), "INTERNAL", "EISDIR");
    await rm(rig.pool.layout.gone(volume.id), { recursive: true });
    expect(rig.parts.inventory.claims.promised("default")).to.equal(promised);
    expect(rig.parts.inventory.claims.promised("pool-1")).to.equal(0n);
    await expectStayed(rig, volume.id);
  });

  it("whose departure can't be made durable is undone, and works when asked again", async () => {
    const { sync, breaks } = flushes();
    const { rig, volume } = await toMove({ sync });
    breaks(true);
    await refused(rig.engine.moveVolume(volume.id, "pool-1", context()), "INTERNAL", "EIO");
    expect(await rig.engine.getVolume(volume.id, context())).to.deep.equal(volume);
    expect(await disksIn(rig.directories[1]!)).to.deep.equal([]);
    breaks(false);
    const moved = await rig.engine.moveVolume(volume.id, "pool-1", context());
    expect(moved).to.include({ pool: "pool-1" });
  });

  it("needs room for all of the volume, also of one that is full, and leaves it its own where there is none", async () => {
    const { rig, volume } = await toMove();
    const { pools, inventory } = rig.parts;
    await writeDisk(volume.path, 0n, randomBytes(Number(volume.size)));
    await inventory.look(volume);
    const promised = inventory.claims.promised("default");
    const target = pools.byName("pool-1");
    pools.opened({ ...target, space: async () => ({ ...(await target.space()), free: volume.size - 1n }) });
    await refused(rig.engine.moveVolume(volume.id, "pool-1", context()), "RESOURCE_EXHAUSTED", "pool-1");
    expect(inventory.claims.promised("default")).to.equal(promised);
    expect(inventory.claims.promised("pool-1")).to.equal(0n);
    pools.opened({ ...target, space: async () => ({ ...(await target.space()), free: volume.size }) });
    expect(await rig.engine.moveVolume(volume.id, "pool-1", context())).to.include({ pool: "pool-1" });
    expect(inventory.claims.promised("pool-1")).to.equal(0n);
  });

  it("claims room in both pools until the volume has left the first", async () => {
    const { rig, volume } = await toMove();
    const { claims } = rig.parts.inventory;
    const promised = claims.promised("default");
    const { pools } = rig.parts;
    const target = pools.byName("pool-1");
    const during: bigint[] = [];
    const look = () => {
      during.push(claims.promised("default"), claims.promised("pool-1"));
      return Promise.resolve();
    };
    pools.opened({ ...target, sync: new DirectorySync({ sync: look }) });
    await rig.engine.moveVolume(volume.id, "pool-1", context());
    expect(during.slice(0, 2)).to.deep.equal([promised, volume.size]);
    expect(claims.promised("default")).to.equal(0n);
    expect(claims.promised("pool-1")).to.equal(promised);
  });

  it("comes back to where it was, with what a start finds there", async () => {
    const { rig, volume } = await toMove();
    await rig.engine.moveVolume(volume.id, "pool-1", context());
    await mkdir(join(rig.directories[0]!, ".tmp"), { recursive: true });
    await writeFile(rig.pool.layout.gone(volume.id), "left by a removal that did not end");
    await rig.engine.moveVolume(volume.id, "default", context());
    await expectStayed(rig, volume.id);
  });
});
