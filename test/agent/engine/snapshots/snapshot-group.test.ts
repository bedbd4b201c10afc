import { randomBytes, randomUUID } from "node:crypto";
import { readdir, rename, rm, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { writeRecord } from "../../../../src/agent/engine/records/record-file.ts";
import { engineRigs, makeVolume, restarted, type EngineRig } from "../../../support/engine-rig.ts";
import { readDisk, writeDisk } from "../../../support/disk-content.ts";
import { context } from "../../../support/local-rig.ts";
import { refused } from "../../../support/refused.ts";

describe("engine groups of snapshots", () => {
  const newRig = engineRigs();

  const cut = (rig: EngineRig, name: string, ids: readonly string[]) =>
    rig.engine.createSnapshotGroup(name, ids, {}, context());

  /** Of the pool's only group nothing is left after the next start. */
  async function goneAfterStart(before: EngineRig): Promise<void> {
    const rig = await restarted(before);
    const { layout } = rig.pool;
    try {
      expect(await rig.engine.listSnapshotGroups(context())).to.deep.equal([]);
      expect(await readdir(layout.snapshots)).to.deep.equal([]);
      expect(await readdir(layout.temporary)).to.deep.equal([]);
    } finally {
      await rig.close();
    }
  }

  it("cut each volume once and are found again, by id and name, also after a restart", async () => {
    let rig = await newRig();
    const volumes = [await makeVolume(rig), await makeVolume(rig)];
    const marks = volumes.map(() => randomBytes(512));
    for (const [index, { path }] of volumes.entries()) await writeDisk(path, 0n, marks[index]!);
    const ids = volumes.map(({ id }) => id);
    const group = await cut(rig, "nightly", [...ids, ids[0]!]);
    expect(group.snapshots.map(({ sourceVolumeId }) => sourceVolumeId)).to.have.members(ids);
    expect((await cut(rig, "nightly", ids.toReversed())).id).to.equal(group.id);
    await refused(cut(rig, "nightly", [ids[0]!]), "ALREADY_EXISTS");
    rig = await restarted(rig);
    try {
      expect(await rig.engine.getSnapshotGroup("nightly", context())).to.deep.equal(group);
      expect(await rig.engine.listSnapshotGroups(context())).to.deep.equal([group]);
      for (const { sourceVolumeId, path, groupId } of group.snapshots) {
        expect(groupId).to.equal(group.id);
        const mark = marks[ids.indexOf(sourceVolumeId!)]!;
        expect((await readDisk(path, 0n, 512)).equals(mark)).to.equal(true);
      }
    } finally {
      await rig.close();
    }
  });

  it("are deleted as a whole; their members can't be deleted alone", async () => {
    const rig = await newRig();
    const group = await cut(rig, "a", [(await makeVolume(rig)).id, (await makeVolume(rig)).id]);
    const [member] = group.snapshots;
    await refused(rig.engine.deleteSnapshot(member!.id, context()), "FAILED_PRECONDITION", group.id);
    await rig.engine.deleteSnapshotGroup(group.id, context());
    await rig.engine.deleteSnapshotGroup(group.id, context());
    await refused(rig.engine.getSnapshotGroup(group.id, context()), "NOT_FOUND");
    await refused(rig.engine.getSnapshot(member!.id, context()), "NOT_FOUND");
    expect(await readdir(rig.pool.layout.snapshots)).to.deep.equal([]);
    expect(await readdir(rig.pool.layout.temporary)).to.deep.equal([]);
  });

  it("are cut of all or of none", async () => {
    const rig = await newRig();
    const volume = await makeVolume(rig);
    await refused(cut(rig, "a", [volume.id, randomUUID()]), "NOT_FOUND");
    await refused(cut(rig, "a", []), "INVALID_ARGUMENT");
    expect(await readdir(rig.pool.layout.snapshots)).to.deep.equal([]);
    expect(await readdir(rig.pool.layout.temporary)).to.deep.equal([]);
    expect((await cut(rig, "a", [volume.id])).snapshots).to.have.lengthOf(1);
  });

  it("are in one pool", async () => {
    const rig = await newRig({ pools: 2 });
    const inPool = async (pool: string) =>
      (
        await rig.engine.createVolume(
          {
            name: pool,
            size: { required: 0n, limit: undefined },
            pool,
            type: undefined,
            source: undefined,
            labels: {},
            attributes: {},
          },
          context(),
        )
      ).id;
    const ids = [await inPool("default"), await inPool("pool-1")];
    await refused(cut(rig, "a", ids), "FAILED_PRECONDITION", "one pool");
  });

  it("that were committed are finished by a start, others are undone", async () => {
    for (const committed of [true, false]) {
      let rig = await newRig();
      const volumes = [await makeVolume(rig), await makeVolume(rig)];
      const group = await cut(
        rig,
        "a",
        volumes.map(({ id }) => id),
      );
      const { layout } = rig.pool;
      // As if the agent had died before it gave the members their places.
      for (const { id, name } of group.snapshots) {
        await rename(layout.snapshotDisk(name, id), layout.temporaryDisk(id));
        await rename(layout.snapshotRecord(name, id), layout.intent(id));
      }
      if (!committed) await rm(layout.groupRecord(group.id));
      rig = await restarted(rig);
      try {
        const groups = await rig.engine.listSnapshotGroups(context());
        expect(groups).to.deep.equal(committed ? [group] : []);
        expect(await readdir(layout.temporary)).to.deep.equal([]);
        const { items } = await rig.engine.listSnapshots(
          undefined,
          { maxEntries: 0, token: undefined },
          context(),
        );
        expect(items).to.have.lengthOf(committed ? 2 : 0);
      } finally {
        await rig.close();
      }
    }
  });

  it("whose deletion was begun are deleted by a start", async () => {
    const rig = await newRig();
    const { layout } = rig.pool;
    const group = await cut(rig, "a", [(await makeVolume(rig)).id]);
    await rename(layout.groupRecord(group.id), layout.goneGroup(group.id));
    await goneAfterStart(rig);
  });

  it("are deleted once more after a failure in the middle, their record being there or not", async () => {
    const rig = await newRig();
    const { layout } = rig.pool;
    const begun = await cut(rig, "a", [(await makeVolume(rig)).id]);
    await rename(layout.groupRecord(begun.id), layout.goneGroup(begun.id));
    const bare = await cut(rig, "b", [(await makeVolume(rig)).id]);
    await rm(layout.groupRecord(bare.id));
    expect((await rig.engine.doctor(false, context())).map(({ kind }) => kind)).to.not.include(
      "foreign-file",
    );
    for (const { id } of [begun, bare]) await rig.engine.deleteSnapshotGroup(id, context());
    expect(await readdir(layout.snapshots)).to.deep.equal([]);
  });

  it("whose deletion an earlier version began are deleted by a start", async () => {
    const rig = await newRig();
    const group = await cut(rig, "a", [(await makeVolume(rig)).id]);
    const { layout } = rig.pool;
    await writeRecord(layout.groupRecord(group.id), {
      version: 1,
      kind: "group",
      id: group.id,
      name: "a",
      createdAt: 0,
      snapshotIds: group.snapshots.map(({ id }) => id),
      sourceVolumeIds: [],
      deleting: true,
    });
    await writeFile(layout.intent(randomUUID()), "half a rec");
    await goneAfterStart(rig);
  });
});
