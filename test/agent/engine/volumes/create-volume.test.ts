import { randomUUID } from "node:crypto";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { GiB, MiB } from "../../../../src/kit/sizes.ts";
import { inspectVhdx } from "../../../../src/vhdx/index.ts";
import { engineRigs, exactly, makeVolume, newVolume, type EngineRig } from "../../../support/engine-rig.ts";
import { context } from "../../../support/local-rig.ts";
import { refused } from "../../../support/refused.ts";

const SIZE = 8n * MiB;

describe("creating a volume", () => {
  const newRig = engineRigs();
  const disksIn = async ({ pool }: EngineRig) =>
    (await readdir(pool.directory, { recursive: true })).filter((name) => name.endsWith(".vhdx"));

  it("makes one file, named after it, whose disk has its id and takes no more room than it needs", async () => {
    const rig = await newRig();
    const before = Date.now();
    const volume = await makeVolume(rig, 1n * GiB, "data");
    expect(volume.createdAt).to.be.within(before, Date.now());
    expect(await disksIn(rig)).to.deep.equal([`data;${volume.id}.vhdx`]);
    expect(volume).to.deep.equal({
      id: volume.id,
      name: "data",
      pool: "default",
      size: GiB,
      type: "fixed",
      path: join(rig.pool.directory, `data;${volume.id}.vhdx`),
      createdAt: volume.createdAt,
      lineage: volume.id,
      labels: {},
      attributes: {},
      source: undefined,
      mountPoints: {},
      fault: undefined,
    });
    const info = await inspectVhdx(volume.path);
    expect(info).to.include({
      virtualDiskId: volume.id,
      virtualSize: GiB,
      type: "fixed",
      logReplayPending: false,
    });
    expect(info.fileSize).to.equal(info.payloadOffset! + GiB);
    expect((await stat(volume.path)).blocks * 512).to.be.below(32 * 1024 * 1024);
  });

  it("again gives the same volume; an equal name in another case is another volume", async () => {
    const rig = await newRig();
    const volume = await makeVolume(rig, SIZE, "data");
    for (let i = 0; i < 3; i++) expect(await makeVolume(rig, SIZE, "data")).to.deep.equal(volume);
    expect((await makeVolume(rig, SIZE, "DATA")).id).not.to.equal(volume.id);
    expect(await disksIn(rig)).to.have.length(2);
  });

  it("without a limit means exactly this size, after rounding", async () => {
    const rig = await newRig();
    const volume = await makeVolume(rig, SIZE, "data");
    expect((await makeVolume(rig, SIZE - 1n, "data")).id).to.equal(volume.id);
    for (const size of [SIZE + 1n, SIZE - 2n * MiB, 0n, GiB]) {
      await refused(makeVolume(rig, size, "data"), "ALREADY_EXISTS", String(SIZE));
    }
  });

  it("with a limit takes any volume whose size is in the range", async () => {
    const rig = await newRig();
    const create = (required: bigint, limit: bigint) =>
      rig.engine.createVolume(newVolume("data", { required, limit }), context());
    const { id } = await create(SIZE, 2n ** 63n - 1n);
    await rig.engine.expandVolume(id, exactly(16n * MiB), context());
    expect(await create(SIZE, 2n ** 63n - 1n)).to.include({ id, size: 16n * MiB });
    expect(await create(0n, 16n * MiB)).to.include({ id });
    await refused(create(SIZE, 16n * MiB - 1n), "ALREADY_EXISTS");
    await refused(create(16n * MiB + 1n, 1n * GiB), "ALREADY_EXISTS");
    await refused(create(16n * MiB, SIZE), "OUT_OF_RANGE");
  });

  it("refuses a bad name or size and leaves nothing", async () => {
    const rig = await newRig();
    await refused(makeVolume(rig, SIZE, "../escape"), "INVALID_ARGUMENT", "volume name");
    await refused(makeVolume(rig, SIZE, ""), "INVALID_ARGUMENT", "missing");
    await refused(makeVolume(rig, -1n), "INVALID_ARGUMENT", "negative");
    await refused(makeVolume(rig, 2n ** 60n), "OUT_OF_RANGE", "64 TiB");
    expect(await disksIn(rig)).to.deep.equal([]);
  });

  it("leaves nothing when the finished disk can't be given its name", async () => {
    const rig = await newRig();
    rig.pool.layout.disk = (name, id) => `/proc/absent/${name};${id}.vhdx`;
    await refused(makeVolume(rig, SIZE, "data"), "INTERNAL", "ENOENT");
    expect(await disksIn(rig)).to.deep.equal([]);
    await refused(rig.engine.getVolume("data", context()), "NOT_FOUND");
  });

  it("refuses what the pool can't hold, and takes what just fits", async () => {
    const rig = await newRig({ free: () => SIZE });
    await refused(makeVolume(rig, SIZE + 1n, "large"), "RESOURCE_EXHAUSTED", "8 MiB free");
    expect(await disksIn(rig)).to.deep.equal([]);
    await makeVolume(rig, SIZE, "fits");
  });

  it("says what the pool can still promise, never more than the largest disk", async () => {
    const small = await newRig({ free: () => 3n * GiB });
    expect(await small.engine.capacity(undefined, context())).to.deep.equal({
      available: 3n * GiB,
      minimumVolumeSize: 6n * MiB,
      maximumVolumeSize: 3n * GiB,
    });
    const huge = await newRig({ free: () => 2n ** 50n });
    expect((await huge.engine.capacity(undefined, context())).maximumVolumeSize).to.equal(2n ** 46n);
  });

  it("is found by id and by name, and not otherwise", async () => {
    const rig = await newRig();
    const volume = await makeVolume(rig, SIZE, "data");
    expect(await rig.engine.getVolume("data", context())).to.deep.equal(volume);
    expect(await rig.engine.getVolume(volume.id, context())).to.deep.equal(volume);
    for (const other of [randomUUID(), "Data", "", volume.path]) {
      await refused(rig.engine.getVolume(other, context()), "NOT_FOUND");
    }
  });

  it("prefers the volume whose id it is over one that has that id as its name", async () => {
    const rig = await newRig();
    const volume = await makeVolume(rig, SIZE, "data");
    const impostor = await makeVolume(rig, SIZE, volume.id);
    expect(impostor.id).not.to.equal(volume.id);
    expect((await rig.engine.getVolume(volume.id, context())).name).to.equal("data");
  });
});
