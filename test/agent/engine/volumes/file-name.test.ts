import { readFile, rm, unlink } from "node:fs/promises";
import { basename } from "node:path";
import { expect } from "chai";
import type { NewVolume } from "../../../../src/agent/engine/model.ts";
import { recordBeside } from "../../../../src/agent/engine/pool/layout.ts";
import { MiB, TiB } from "../../../../src/kit/sizes.ts";
import { inspectVhdx } from "../../../../src/vhdx/index.ts";
import { type EngineRig, engineRigs, exactly, newVolume, restarted } from "../../../support/engine-rig.ts";
import { isThere } from "../../../../src/kit/is-there.ts";
import { context } from "../../../support/local-rig.ts";
import { refused } from "../../../support/refused.ts";

const SIZE = exactly(8n * MiB);

describe("engine file names", () => {
  const newRig = engineRigs();
  const make = ({ engine }: EngineRig, name: string, more: Partial<NewVolume> = {}) =>
    engine.createVolume(newVolume(name, SIZE, more), context());

  it("stand in the path, and the volume is found by its own name", async () => {
    const rig = await newRig();
    const volume = await make(rig, "pvc-1", { fileName: "team_data" });
    expect(volume.name).to.equal("pvc-1");
    expect(basename(volume.path)).to.equal(`team_data;${volume.id}.vhdx`);
    expect((await rig.engine.getVolume("pvc-1", context())).id).to.equal(volume.id);
    await refused(rig.engine.getVolume("team_data", context()), "NOT_FOUND");
    expect(await make(rig, "pvc-1", { fileName: "team_data" })).to.deep.equal(volume);
    expect((await make(rig, "pvc-1", { fileName: "another" })).id).to.equal(volume.id);
    const record = JSON.parse(await readFile(recordBeside(volume), "utf8")) as object;
    expect(record).to.include({ name: "team_data", csiName: "pvc-1" });
  });

  it("survive a restart, from the index and from the record", async () => {
    let rig = await newRig();
    const volume = await make(rig, "pvc-1", { fileName: "kept" });
    rig = await restarted(rig);
    expect(await make(rig, "pvc-1", { fileName: "kept" })).to.deep.equal(volume);
    await rm(rig.pool.layout.index, { force: true });
    rig = await restarted(rig);
    expect(await make(rig, "pvc-1", { fileName: "kept" })).to.deep.equal(volume);
  });

  it("are no record's only reason to stay: labels go, the name does not", async () => {
    let rig = await newRig();
    const volume = await make(rig, "pvc-1", { fileName: "kept", labels: { a: "b" } });
    await rig.engine.modifyVolume(volume.id, { labels: { a: null }, attributes: {} }, context());
    rig = await restarted(rig);
    expect((await rig.engine.getVolume(volume.id, context())).name).to.equal("pvc-1");
  });

  it("get the beginning of the id behind them where they are taken, also at the same time", async () => {
    const rig = await newRig();
    const volumes = await Promise.all(
      ["pvc-1", "pvc-2", "same"].map((name) => make(rig, name, { fileName: "same" })),
    );
    volumes.push(await make(rig, "pvc-4", { fileName: "same" }));
    const names = volumes.map(({ path }) => basename(path).split(";")[0]);
    expect(new Set(names)).to.have.property("size", 4);
    expect(names).to.include("same");
    for (const [index, { id, name }] of volumes.entries()) {
      expect(names[index]).to.be.oneOf(["same", `same-${id.slice(0, 8)}`]);
      expect((await rig.engine.getVolume(name, context())).id).to.equal(id);
    }
  });

  it("are the volumes' names when records are lost, and none is left alone for that", async () => {
    let rig = await newRig();
    const volumes = [await make(rig, "same"), await make(rig, "pvc-2", { fileName: "same" })];
    volumes.push(await make(rig, "pvc-3", { fileName: "same" }));
    await rig.close();
    for (const volume of volumes.slice(1)) await unlink(recordBeside(volume));
    rig = await restarted(rig);
    for (const { id, path } of volumes) {
      expect((await rig.engine.getVolume(id, context())).name).to.equal(basename(path).split(";")[0]);
    }
    // The key is lost with the record: the same request makes another volume.
    expect((await make(rig, "pvc-2", { fileName: "same" })).id).to.not.equal(volumes[1]!.id);
  });

  it("stay through a move, and through a deletion that is taken back", async () => {
    let rig = await newRig({ pools: 2, settings: { retentionMs: 3_600_000 } });
    const volume = await make(rig, "pvc-1", { fileName: "kept", pool: "default" });
    const moved = await rig.engine.moveVolume(volume.id, "pool-1", context());
    expect(moved.name).to.equal("pvc-1");
    expect(basename(moved.path)).to.equal(basename(volume.path));
    await rig.engine.deleteVolume(volume.id, context());
    expect(await isThere(recordBeside(moved))).to.equal(false);
    rig = await restarted(rig);
    expect((await rig.engine.listDeletedVolumes(context()))[0]?.name).to.equal("pvc-1");
    expect(await rig.engine.restoreVolume(volume.id, context())).to.deep.equal(moved);
  });

  for (const fileName of ["../up", "a/b", "a\\b", "", "CON", "a;b", ".hidden", "x".repeat(129), "a\0b"]) {
    it(`that could lead elsewhere are refused: ${JSON.stringify(fileName.slice(0, 10))}`, async () => {
      const rig = await newRig();
      await refused(make(rig, "pvc-1", { fileName }), "INVALID_ARGUMENT", "file name");
    });
  }
});

describe("engine block sizes", () => {
  const newRig = engineRigs();

  it("are as asked for, sizes in whole blocks", async () => {
    const { engine } = await newRig();
    for (const blockSize of [1n * MiB, 8n * MiB, 32n * MiB]) {
      const request = newVolume(`blocks-${blockSize}`, exactly(9n * MiB), { blockSize });
      const volume = await engine.createVolume(request, context());
      expect((await inspectVhdx(volume.path)).blockSize).to.equal(Number(blockSize));
      expect(volume.size % blockSize).to.equal(0n);
      expect(await engine.createVolume(request, context())).to.deep.equal(volume);
      const other = engine.createVolume({ ...request, blockSize: 2n * MiB, size: undefined }, context());
      await refused(other, "ALREADY_EXISTS", "blocks of");
      const copy = { kind: "volume" as const, id: volume.id };
      const clone = newVolume(`clone-${blockSize}`, exactly(volume.size), { source: copy });
      await refused(
        engine.createVolume({ ...clone, blockSize: 4n * MiB }, context()),
        "INVALID_ARGUMENT",
        "a copy is as its source",
      );
      const same = await engine.createVolume({ ...clone, blockSize }, context());
      expect((await inspectVhdx(same.path)).blockSize).to.equal(Number(blockSize));
    }
  });

  for (const blockSize of [0n, 1n, 3n * MiB, 512n * MiB, MiB / 2n]) {
    it(`can't be ${blockSize}`, async () => {
      const { engine } = await newRig();
      const request = newVolume("no", SIZE, { blockSize });
      await refused(engine.createVolume(request, context()), "INVALID_ARGUMENT", "power of two");
    });
  }

  it("bound a disk's size", async () => {
    const { engine } = await newRig();
    const request = newVolume("no", exactly(2n * TiB), { blockSize: MiB });
    await refused(engine.createVolume(request, context()), "OUT_OF_RANGE", "larger blocks");
  });
});
