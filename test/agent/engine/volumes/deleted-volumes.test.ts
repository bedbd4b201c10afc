import { randomBytes, randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { removeExpired } from "../../../../src/agent/engine/volumes/deleted-volumes.ts";
import { MiB } from "../../../../src/kit/sizes.ts";
import { readDisk, writeDisk } from "../../../support/disk-content.ts";
import { engineRigs, exactly, makeVolume, newVolume, restarted } from "../../../support/engine-rig.ts";
import { flushes } from "../../../support/flushes.ts";
import { context } from "../../../support/local-rig.ts";
import { refused } from "../../../support/refused.ts";

const HOUR = 3_600_000;

describe("engine deleted volumes", () => {
  const newRig = engineRigs();

  it("are kept for a while and come back as they were", async () => {
    let rig = await newRig({ settings: { retentionMs: HOUR } });
    const volume = await rig.engine.createVolume(
      newVolume("kept", exactly(8n * MiB), { labels: { app: "db" } }),
      context(),
    );
    const mark = randomBytes(512);
    await writeDisk(volume.path, 0n, mark);
    const promised = rig.parts.inventory.claims.promised("default");
    await rig.engine.deleteVolume(volume.id, context());
    await refused(rig.engine.getVolume(volume.id, context()), "NOT_FOUND");
    expect(rig.parts.inventory.claims.promised("default")).to.equal(0n);
    rig = await restarted(rig);
    try {
      const [deleted] = await rig.engine.listDeletedVolumes(context());
      expect(deleted).to.include({ id: volume.id, name: "kept", pool: "default" });
      expect(deleted!.keptUntil - deleted!.deletedAt).to.equal(HOUR);
      const back = await rig.engine.restoreVolume(volume.id, context());
      expect(back).to.deep.equal(volume);
      expect((await rig.engine.restoreVolume(volume.id, context())).id).to.equal(volume.id);
      expect((await readDisk(back.path, 0n, 512)).equals(mark)).to.equal(true);
      expect(await rig.engine.listDeletedVolumes(context())).to.deep.equal([]);
      expect(await readdir(rig.pool.layout.deleted)).to.deep.equal([]);
      expect(rig.parts.inventory.claims.promised("default") <= promised).to.equal(true);
    } finally {
      await rig.close();
    }
  });

  it("do not come back under a name that is taken, and their name is free", async () => {
    const rig = await newRig({ settings: { retentionMs: HOUR } });
    const first = await makeVolume(rig, 8n * MiB, "name");
    await rig.engine.deleteVolume(first.id, context());
    const second = await makeVolume(rig, 8n * MiB, "name");
    await refused(rig.engine.restoreVolume(first.id, context()), "ALREADY_EXISTS", "name");
    await rig.engine.deleteVolume(second.id, context());
    expect((await rig.engine.restoreVolume(first.id, context())).id).to.equal(first.id);
  });

  it("come back to a pool that has room only for what they don't take yet", async () => {
    let free = 1024n * MiB;
    const rig = await newRig({ settings: { retentionMs: HOUR }, free: () => free });
    const { claims, ledger } = rig.parts.inventory;
    const volume = await makeVolume(rig, 64n * MiB);
    await writeDisk(volume.path, 0n, randomBytes(48 << 20));
    await rig.engine.deleteVolume(volume.id, context());
    free = 8n * MiB;
    await refused(rig.engine.restoreVolume(volume.id, context()), "RESOURCE_EXHAUSTED");
    expect([claims.promised("default"), ledger.get(volume.id)]).to.deep.equal([0n, undefined]);
    free = 32n * MiB;
    expect((await rig.engine.restoreVolume(volume.id, context())).size).to.equal(volume.size);
    expect(claims.promised("default") <= 16n * MiB).to.equal(true);
  });

  it("that can't be brought back durably stay deleted, and come back when asked again", async () => {
    const { sync, breaks } = flushes();
    const rig = await newRig({ settings: { retentionMs: HOUR }, pool: { sync } });
    const labels = { app: "db" };
    const volume = await rig.engine.createVolume(newVolume("kept", exactly(0n), { labels }), context());
    await rig.engine.deleteVolume(volume.id, context());
    breaks(true);
    await refused(rig.engine.restoreVolume(volume.id, context()), "INTERNAL", "EIO");
    breaks(false);
    expect(await rig.engine.listDeletedVolumes(context())).to.have.lengthOf(1);
    expect(await rig.engine.restoreVolume(volume.id, context())).to.deep.equal(volume);
  });

  it("are removed for good when their time is over, and not before", async () => {
    const rig = await newRig({ settings: { retentionMs: HOUR } });
    const { id } = await makeVolume(rig);
    await rig.engine.deleteVolume(id, context());
    await removeExpired(rig.parts, Date.now() + HOUR / 2);
    expect(await rig.engine.listDeletedVolumes(context())).to.have.lengthOf(1);
    await removeExpired(rig.parts, Date.now() + HOUR + 1000);
    expect(await rig.engine.listDeletedVolumes(context())).to.deep.equal([]);
    expect(await readdir(rig.pool.layout.deleted)).to.deep.equal([]);
    await refused(rig.engine.restoreVolume(id, context()), "NOT_FOUND");
  });

  it("are removed for good though another can't be, or a pool can't be looked at", async () => {
    const rig = await newRig({ pools: 3, settings: { retentionMs: HOUR } });
    const deletedIn = async (pool: string) => {
      const { id } = await rig.engine.createVolume(newVolume(randomUUID(), exactly(0n), { pool }), context());
      await rig.engine.deleteVolume(id, context());
      return id;
    };
    const layoutOf = (pool: string) => rig.parts.pools.byName(pool).layout;
    const first = [await deletedIn("default"), await deletedIn("default")];
    await deletedIn("pool-2");
    // Nothing unlinks a directory.
    const [stuck] = (await readdir(layoutOf("default").deleted)).filter((name) => name.endsWith(".vhdx"));
    await rm(join(layoutOf("default").deleted, stuck!));
    await mkdir(join(layoutOf("default").deleted, stuck!));
    await rm(layoutOf("pool-1").deleted, { recursive: true });
    await removeExpired(rig.parts, Date.now() + HOUR + 1000);
    expect(first.map((id) => `${id}.vhdx`)).to.include(stuck);
    expect(await readdir(layoutOf("default").deleted)).to.have.members([
      stuck,
      stuck!.replace(".vhdx", ".json"),
    ]);
    expect(await readdir(layoutOf("pool-2").deleted)).to.deep.equal([]);
  });

  it("whose deletion was cut short are deleted by a start, records and all", async () => {
    let rig = await newRig({ settings: { retentionMs: HOUR } });
    const labels = { app: "db" };
    const volume = await rig.engine.createVolume(newVolume("a", exactly(0n), { labels }), context());
    await rig.engine.deleteVolume(volume.id, context());
    const again = await rig.engine.createVolume(newVolume("b", exactly(0n), { labels }), context());
    const { layout } = rig.pool;
    await rename(again.path, layout.gone(again.id));
    rig = await restarted(rig);
    try {
      const { items } = await rig.engine.listVolumes({ maxEntries: 0, token: undefined }, context());
      expect(items).to.deep.equal([]);
      expect((await readdir(layout.directory)).filter((name) => name.includes(";"))).to.deep.equal([]);
      expect(await readdir(layout.temporary)).to.deep.equal([]);
      expect(await rig.engine.listDeletedVolumes(context())).to.have.lengthOf(1);
    } finally {
      await rig.close();
    }
  });
});
