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
