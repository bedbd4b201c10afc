import { randomBytes, randomUUID } from "node:crypto";
import { readdir, rm, unlink } from "node:fs/promises";
import { expect } from "chai";
import { MiB, TiB } from "../../../../src/kit/sizes.ts";
import { createVhdx, inspectVhdx } from "../../../../src/vhdx/index.ts";
import { readDisk, writeDisk } from "../../../support/disk-content.ts";
import {
  engineRigs,
  exactly,
  makeVolume,
  newVolume,
  restarted,
  type EngineRig,
} from "../../../support/engine-rig.ts";
import { fakeVm } from "../../../support/fake-host.ts";
import { flushes } from "../../../support/flushes.ts";
import { context } from "../../../support/local-rig.ts";
import { refused } from "../../../support/refused.ts";

const SIZE = 8n * MiB;

describe("engine snapshots", () => {
  const newRig = engineRigs();

  const snapshot = (rig: EngineRig, sourceVolumeId: string, name: string = randomUUID()) =>
    rig.engine.createSnapshot({ name, sourceVolumeId, labels: {} }, context());
  const cloneOf = (rig: EngineRig, kind: "volume" | "snapshot", id: string, size?: bigint) =>
    rig.engine.createVolume(
      {
        ...newVolume(randomUUID(), exactly(size ?? 0n), { source: { kind, id } }),
        ...(size === undefined ? { size: undefined } : {}),
      },
      context(),
    );

  it("keep what a volume held, whatever becomes of that", async () => {
    const rig = await newRig();
    const volume = await makeVolume(rig, SIZE);
    const before = randomBytes(4096);
    await writeDisk(volume.path, MiB, before);
    const cut = await snapshot(rig, volume.id);
    await writeDisk(volume.path, MiB, randomBytes(4096));
    expect((await readDisk(cut.path, MiB, 4096)).equals(before)).to.equal(true);
    await rig.engine.deleteVolume(volume.id, context());
    expect((await readDisk(cut.path, MiB, 4096)).equals(before)).to.equal(true);
    const again = await cloneOf(rig, "snapshot", cut.id);
    expect((await readDisk(again.path, MiB, 4096)).equals(before)).to.equal(true);
    expect(again).to.include({ size: SIZE, lineage: volume.id });
    expect(again.source).to.deep.equal({ kind: "snapshot", id: cut.id });
    expect((await inspectVhdx(again.path)).virtualDiskId).to.equal(again.id);
  });

  it("are the same for the same request, and another's name is taken", async () => {
    const rig = await newRig();
    const [one, other] = [await makeVolume(rig), await makeVolume(rig)];
    const first = await snapshot(rig, one.id, "daily");
    expect((await snapshot(rig, one.id, "daily")).id).to.equal(first.id);
    await refused(snapshot(rig, other.id, "daily"), "ALREADY_EXISTS", one.id);
    await refused(snapshot(rig, randomUUID(), "new"), "NOT_FOUND");
    await refused(snapshot(rig, one.id, "../x"), "INVALID_ARGUMENT", "snapshot name");
    const both = await Promise.all([snapshot(rig, one.id, "twin"), snapshot(rig, one.id, "twin")]);
    expect(both[0].id).to.equal(both[1].id);
  });

  it("are listed by source, in pages, and survive a restart with what is known of them", async () => {
    let rig = await newRig();
    const [one, other] = [await makeVolume(rig), await makeVolume(rig)];
    const made = await Promise.all(Array.from({ length: 5 }, () => snapshot(rig, one.id)));
    await snapshot(rig, other.id);
    const before = await rig.engine.getSnapshot(made[0]!.id, context());
    rig = await restarted(rig);
    try {
      expect(await rig.engine.getSnapshot(before.name, context())).to.deep.equal(before);
      const first = await rig.engine.listSnapshots(one.id, { maxEntries: 3, token: undefined }, context());
      const second = await rig.engine.listSnapshots(
        one.id,
        { maxEntries: 3, token: first.nextToken },
        context(),
      );
      expect([first.items.length, second.items.length, second.nextToken]).to.deep.equal([3, 2, undefined]);
      const ids = [...first.items, ...second.items].map(({ id }) => id);
      expect(ids).to.deep.equal(made.map(({ id }) => id).sort());
      const all = await rig.engine.listSnapshots(undefined, { maxEntries: 0, token: undefined }, context());
      expect(all.items).to.have.lengthOf(6);
    } finally {
      await rig.close();
    }
  });

  it("are deleted with all that is theirs, and a missing one is success", async () => {
    const rig = await newRig();
    const volume = await makeVolume(rig);
    const cut = await snapshot(rig, volume.id);
    await rig.engine.deleteSnapshot(cut.id, context());
    await rig.engine.deleteSnapshot(cut.id, context());
    await refused(rig.engine.getSnapshot(cut.id, context()), "NOT_FOUND");
    expect(await readdir(rig.pool.layout.snapshots)).to.deep.equal([]);
    expect(await readdir(rig.pool.layout.temporary)).to.deep.equal([]);
  });

  it("whose removal did not become durable are deleted when asked again, and those that somebody removed", async () => {
    const { sync, breaks } = flushes();
    const rig = await newRig({ pool: { snapshotSync: sync } });
    const volume = await makeVolume(rig);
    const [cut, removed] = [await snapshot(rig, volume.id), await snapshot(rig, volume.id)];
    breaks(true);
    await refused(rig.engine.deleteSnapshot(cut.id, context()), "INTERNAL", "EIO");
    breaks(false);
    await rm(removed.path);
    for (const { id } of [cut, removed]) {
      await rig.engine.deleteSnapshot(id, context());
      await refused(rig.engine.getSnapshot(id, context()), "NOT_FOUND");
    }
    expect(await readdir(rig.pool.layout.snapshots)).to.deep.equal([]);
    expect(await readdir(rig.pool.layout.temporary)).to.deep.equal([]);
  });

  it("do not turn into volumes when their records are lost", async () => {
    let rig = await newRig();
    const volume = await makeVolume(rig);
    const cut = await snapshot(rig, volume.id);
    await unlink(rig.pool.layout.snapshotRecord(cut.name, cut.id));
    rig = await restarted(rig);
    try {
      const found = await rig.engine.getSnapshot(cut.id, context());
      expect(found).to.include({ name: cut.name, sourceVolumeId: undefined, size: volume.size });
      const { items } = await rig.engine.listVolumes({ maxEntries: 0, token: undefined }, context());
      expect(items.map(({ id }) => id)).to.deep.equal([volume.id]);
    } finally {
      await rig.close();
    }
  });

  it("of a volume in use are refused where the host can't, and allowed while it is only read", async () => {
    const rig = await newRig();
    const volume = await makeVolume(rig);
    await rig.engine.attach(fakeVm(1).id, volume.id, true, undefined, context());
    await snapshot(rig, volume.id);
    await rig.engine.detach(fakeVm(1).id, volume.id, context());
    await rig.engine.attach(fakeVm(1).id, volume.id, false, undefined, context());
    await refused(snapshot(rig, volume.id), "FAILED_PRECONDITION", "can't copy a disk in use");
    await refused(cloneOf(rig, "volume", volume.id), "FAILED_PRECONDITION", "can't copy a disk in use");
    expect(await readdir(rig.pool.layout.temporary)).to.deep.equal([]);
  });

  it("refuse a source whose file is another disk by now", async () => {
    const rig = await newRig();
    const [one, other] = [await makeVolume(rig), await makeVolume(rig)];
    await rm(one.path);
    await refused(snapshot(rig, one.id), "FAILED_PRECONDITION", one.path);
    expect((await snapshot(rig, other.id)).sourceVolumeId).to.equal(other.id);
  });

  describe("and clones", () => {
    it("can be larger than their source, never smaller", async () => {
      const rig = await newRig();
      const volume = await makeVolume(rig, SIZE);
      const mark = randomBytes(512);
      await writeDisk(volume.path, SIZE - 512n, mark);
      const larger = await cloneOf(rig, "volume", volume.id, 3n * SIZE);
      expect(larger).to.include({ size: 3n * SIZE, type: "fixed" });
      expect((await readDisk(larger.path, SIZE - 512n, 512)).equals(mark)).to.equal(true);
      expect((await readDisk(larger.path, 3n * SIZE - 512n, 512)).equals(Buffer.alloc(512))).to.equal(true);
      await refused(cloneOf(rig, "volume", volume.id, SIZE - 2n * MiB), "OUT_OF_RANGE", "at least");
      const info = await inspectVhdx(larger.path);
      expect(info.payloadOffset).not.to.equal(undefined);
      expect(info.fileSize).to.equal(info.payloadOffset! + info.virtualSize);
    });

    it("beyond what their source's block table has room for are refused before anything is copied", async () => {
      const rig = await newRig({ settings: { overcommit: 1e6 } });
      const volume = await makeVolume(rig, SIZE);
      const { claims } = rig.parts.inventory;
      const claimed = claims.promised("default");
      await refused(cloneOf(rig, "volume", volume.id, 3n * TiB), "OUT_OF_RANGE", "has at most");
      await refused(
        cloneOf(rig, "snapshot", (await snapshot(rig, volume.id)).id, 3n * TiB),
        "OUT_OF_RANGE",
        "has at most",
      );
      expect(claims.promised("default")).to.equal(claimed);
    });

    it("of a dynamic disk may need a larger block table", async () => {
      const rig = await newRig({ settings: { overcommit: 1e6 } });
      const id = randomUUID();
      const path = rig.pool.layout.disk("grows", id);
      await createVhdx(path, { type: "dynamic", size: SIZE, virtualDiskId: id });
      const after = await restarted(rig, { known: rig.known });
      const larger = await cloneOf(after, "volume", id, 3n * TiB);
      expect(larger).to.include({ size: 3n * TiB, type: "dynamic" });
    });

    it("of the same name want the same source", async () => {
      const rig = await newRig();
      const [one, other] = [await makeVolume(rig), await makeVolume(rig)];
      const from = (id: string | undefined) =>
        rig.engine.createVolume(
          newVolume(
            "copy",
            exactly(SIZE),
            id === undefined ? {} : { source: { kind: "volume" as const, id } },
          ),
          context(),
        );
      const made = await from(one.id);
      expect((await from(one.id)).id).to.equal(made.id);
      await refused(from(other.id), "ALREADY_EXISTS", "another source");
      await refused(from(undefined), "ALREADY_EXISTS", "another source");
    });

    it("go to another pool when asked", async () => {
      const rig = await newRig({ pools: 2 });
      const volume = await rig.engine.createVolume(
        newVolume("base", exactly(SIZE), { pool: "default" }),
        context(),
      );
      const mark = randomBytes(512);
      await writeDisk(volume.path, 0n, mark);
      const copy = await rig.engine.createVolume(
        newVolume("copy", exactly(SIZE), { pool: "pool-1", source: { kind: "volume", id: volume.id } }),
        context(),
      );
      expect(copy.path.startsWith(rig.directories[1]!)).to.equal(true);
      expect((await readDisk(copy.path, 0n, 512)).equals(mark)).to.equal(true);
    });

    it("stay in their source's pool while it has room, and while the source is in use", async () => {
      const free = { value: 2n * SIZE };
      const rig = await newRig({ pools: 2, free: () => free.value });
      const base = newVolume("base", exactly(SIZE), { pool: "default" });
      const { id } = await rig.engine.createVolume(base, context());
      const clone = (name: string) =>
        rig.engine.createVolume(
          newVolume(name, exactly(SIZE), { source: { kind: "volume", id } }),
          context(),
        );
      expect(await clone("beside")).to.include({ pool: "default" });
      free.value = 0n;
      expect(await clone("elsewhere")).to.include({ pool: "pool-1" });
      await rig.engine.attach(fakeVm(1).id, id, false, undefined, context());
      await refused(clone("in-use"), "RESOURCE_EXHAUSTED", /^pool default (?!.*pool-1)/);
    });

    it("leave nothing when they fail", async () => {
      const rig = await newRig();
      const volume = await makeVolume(rig);
      const claimed = rig.parts.inventory.claims.promised("default");
      const stop = AbortSignal.abort();
      const request = newVolume("copy", exactly(SIZE), { source: { kind: "volume", id: volume.id } });
      await refused(rig.rules.createVolume(request, { ...context(), signal: stop }), "CANCELLED");
      expect(await readdir(rig.pool.layout.temporary)).to.deep.equal([]);
      expect(rig.parts.inventory.claims.promised("default")).to.equal(claimed);
    });
  });
});
