import { randomUUID } from "node:crypto";
import { readdir, rename, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { engineRigs, exactly, makeVolume, newVolume, restarted } from "../../../support/engine-rig.ts";
import { context } from "../../../support/local-rig.ts";
import { refused } from "../../../support/refused.ts";

describe("engine doctor", () => {
  const newRig = engineRigs();

  it("finds nothing in a pool in order", async () => {
    const rig = await newRig();
    const volume = await rig.engine.createVolume(
      newVolume("a", exactly(0n), { labels: { a: "b" } }),
      context(),
    );
    await rig.engine.createSnapshot({ name: "s", sourceVolumeId: volume.id, labels: {} }, context());
    expect(await rig.engine.doctor(true, context())).to.deep.equal([]);
    expect(await rig.engine.volumeHealth(volume.id, context())).to.deep.equal([]);
  });

  it("tells foreign files from left-over ones, and removes only these", async () => {
    const rig = await newRig();
    const { layout } = rig.pool;
    const leftOver = [layout.temporaryDisk(randomUUID()), layout.gone(randomUUID())];
    leftOver.push(layout.intent(randomUUID()), layout.deletedRecord(randomUUID()));
    const foreign = [
      join(layout.directory, "notes.txt"),
      join(layout.temporary, "backup.vhdx"),
      join(layout.snapshots, "x"),
    ];
    for (const file of [...leftOver, ...foreign]) await writeFile(file, "x");
    await writeFile(join(layout.directory, `base_${randomUUID()}.avhdx`), "a checkpoint");
    const seen = await rig.engine.doctor(false, context());
    expect(seen.filter(({ kind }) => kind === "foreign-file").map(({ path }) => path)).to.have.members(
      foreign,
    );
    expect(seen.filter(({ safeToFix }) => safeToFix).map(({ path }) => path)).to.have.members(leftOver);
    const fixed = await rig.engine.doctor(true, context());
    expect(fixed.filter(({ fixed: isFixed }) => isFixed).map(({ path }) => path)).to.have.members(leftOver);
    const left = await rig.engine.doctor(false, context());
    expect(left.map(({ path }) => path)).to.have.members(foreign);
  });

  it("leaves what a change works on", async () => {
    const rig = await newRig();
    const id = randomUUID();
    await writeFile(rig.pool.layout.temporaryDisk(id), "x");
    rig.pool.working.add(id);
    expect(await rig.engine.doctor(true, context())).to.deep.equal([]);
    expect(await readdir(rig.pool.layout.temporary)).to.have.lengthOf(1);
  });

  it("leaves the record of a volume that is just being deleted, and tells a deleted disk that has none", async () => {
    const rig = await newRig({ settings: { retentionMs: 3_600_000 } });
    const { layout, working } = rig.pool;
    const [going, alone] = [randomUUID(), randomUUID()];
    for (const id of [going, alone]) await writeFile(layout.deletedRecord(id), "{}");
    working.add(going);
    await rename(layout.deletedRecord(alone), layout.deletedDisk(alone));
    const [finding, ...more] = await rig.engine.doctor(true, context());
    expect(finding).to.include({ kind: "unserved-disk", path: layout.deletedDisk(alone), fixed: false });
    expect(more).to.deep.equal([]);
    expect(await readdir(layout.deleted)).to.have.lengthOf(2);
  });

  it("looks again at what it removes: a change may have gone on meanwhile", async () => {
    const rig = await newRig();
    await makeVolume(rig);
    const { layout, working } = rig.pool;
    const [deleted, begun, left] = [randomUUID(), randomUUID(), randomUUID()];
    await writeFile(layout.deletedRecord(deleted), "{}");
    for (const id of [begun, left]) await writeFile(layout.intent(id), "{}");
    // All has been found by the time that disks are read.
    rig.host.diskReader = () => async () => {
      await writeFile(layout.deletedDisk(deleted), "the disk");
      working.add(begun);
      throw new Error("it can't be read");
    };
    const findings = await rig.engine.doctor(true, context());
    expect(findings.filter(({ fixed }) => fixed).map(({ path }) => path)).to.deep.equal([
      layout.intent(left),
    ]);
    expect(await readdir(layout.deleted)).to.have.lengthOf(2);
    expect(await readdir(layout.temporary)).to.deep.equal([`${begun}.json`]);
    working.delete(begun);
  });

  it("leaves a disk that is gone whose record a start has to remove with it", async () => {
    const rig = await newRig();
    const { layout } = rig.pool;
    const id = randomUUID();
    for (const file of [layout.gone(id), layout.record("v", id)]) await writeFile(file, "{}");
    const findings = await rig.engine.doctor(true, context());
    expect(findings.map(({ path, fixed }) => [path, fixed])).to.deep.include([layout.gone(id), false]);
    await rm(layout.record("v", id));
    const [finding] = await rig.engine.doctor(true, context());
    expect(finding).to.include({ path: layout.gone(id), fixed: true });
  });

  it("and health tell missing and damaged disks", async () => {
    let rig = await newRig();
    const labels = { a: "b" };
    const missing = await rig.engine.createVolume(newVolume("missing", exactly(0n), { labels }), context());
    const damaged = await makeVolume(rig);
    await rm(missing.path);
    await truncate(damaged.path, 4096);
    const healthOf = async (id: string) =>
      (await rig.engine.volumeHealth(id, context())).map(({ kind }) => kind);
    expect(await healthOf(missing.id)).to.deep.equal(["missing-file"]);
    expect(await healthOf(damaged.id)).to.deep.equal(["damaged"]);
    expect((await rig.engine.doctor(true, context())).map(({ kind }) => kind)).to.have.members([
      "damaged-disk",
      "damaged-disk",
    ]);
    rig = await restarted(rig);
    try {
      expect(await healthOf(missing.id)).to.deep.equal(["missing-file"]);
      expect((await rig.engine.getVolume(missing.id, context())).fault).to.match(/missing/);
      const kinds = (await rig.engine.doctor(true, context())).map(({ kind }) => kind);
      expect(kinds).to.have.members(["record-without-disk", "unserved-disk"]);
      await refused(
        rig.engine.expandVolume(missing.id, exactly(1n << 24n), context()),
        "FAILED_PRECONDITION",
      );
      await refused(makeVolume(rig, 8n << 20n, "missing"), "FAILED_PRECONDITION", "missing");
      await rig.engine.deleteVolume(missing.id, context());
      await refused(rig.engine.getVolume(missing.id, context()), "NOT_FOUND");
      await refused(rig.engine.deleteVolume(damaged.id, context()), "FAILED_PRECONDITION", "left alone");
    } finally {
      await rig.close();
    }
  });

  it("and health tell a replaced disk, which is not deleted", async () => {
    const rig = await newRig();
    const [one, other] = [await makeVolume(rig), await makeVolume(rig)];
    await rm(one.path);
    await rename(other.path, one.path);
    const [problem] = await rig.engine.volumeHealth(one.id, context());
    expect(problem).to.include({ kind: "damaged" });
    expect(problem!.message).to.include(other.id);
    await refused(rig.engine.deleteVolume(one.id, context()), "FAILED_PRECONDITION", "replaced");
  });
});
