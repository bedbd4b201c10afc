import { copyFile, mkdir, readdir, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { PoolLayout } from "../../../../src/agent/engine/pool/layout.ts";
import { volumeRecord } from "../../../../src/agent/engine/records/entries.ts";
import { run } from "../../../../src/kit/run.ts";
import { MiB } from "../../../../src/kit/sizes.ts";
import { exactly, newVolume, openRig, type EngineRig } from "../../../support/engine-rig.ts";
import { context } from "../../../support/local-rig.ts";
import { needsLoopDevices } from "../../../support/needs-loop-devices.ts";
import { refused } from "../../../support/refused.ts";
import { scratchDirectory } from "../../../support/scratch-directory.ts";
import { until } from "../../../support/until.ts";

describe("a pool that goes away", () => {
  const path = scratchDirectory();
  const rigs: EngineRig[] = [];
  let made = 0;
  before(needsLoopDevices);
  afterEach(() => Promise.all(rigs.splice(0).map((rig) => rig.close())));

  /** A file system of its own, whose content stays while it is not mounted where the pool is. */
  async function disk(): Promise<{ home: string; mount: string; plug: () => Promise<void> }> {
    const home = path(`disk-${made}`);
    const mount = path(`mount-${made++}`);
    await Promise.all([mkdir(home), mkdir(mount)]);
    await run("mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", home]);
    const plug = async () => {
      await run("mount", ["--bind", home, mount]);
    };
    await plug();
    return { home, mount, plug };
  }

  async function rigOver(...directories: string[]): Promise<EngineRig> {
    const rig = await openRig(directories);
    rigs.push(rig);
    return rig;
  }

  const create = (rig: EngineRig, name: string, pool = "default") =>
    rig.engine.createVolume(newVolume(name, exactly(8n * MiB), { pool }), context());
  const downOf = async (rig: EngineRig) => (await rig.engine.listPools(context())).map(({ down }) => down);
  const isUp = (rig: EngineRig) => async () => (await downOf(rig))[0] === undefined;
  const isDown = (rig: EngineRig) => async () => (await downOf(rig))[0] !== undefined;

  it("is UNAVAILABLE at once, keeps its volumes known, and is used again when it is back", async () => {
    const { mount, plug } = await disk();
    const rig = await rigOver(mount, path("other"));
    const volume = await create(rig, "a");
    await run("umount", ["--lazy", mount]);
    await refused(create(rig, "b"), "UNAVAILABLE", "pool default");
    await refused(rig.engine.deleteVolume(volume.id, context()), "UNAVAILABLE");
    await refused(rig.engine.expandVolume(volume.id, exactly(16n * MiB), context()), "UNAVAILABLE");
    expect(await readdir(mount), "nothing is written under the mount point").to.deep.equal([]);
    await until(isDown(rig), "the pool is down");
    expect((await rig.engine.getVolume("a", context())).id).to.equal(volume.id);
    const [problem] = await rig.engine.volumeHealth(volume.id, context());
    expect(problem!.kind).to.equal("pool-down");
    // A name is not given twice while the pool that may hold it is away.
    await refused(create(rig, "a", "pool-1"), "ALREADY_EXISTS", "pool default");
    expect((await create(rig, "c", "pool-1")).pool).to.equal("pool-1");
    expect(await readdir(mount)).to.deep.equal([]);
    await plug();
    await until(isUp(rig), "the pool is up");
    await rig.engine.deleteVolume(volume.id, context());
    expect((await create(rig, "b")).pool).to.equal("default");
  });

  it("and comes back with a copy of a volume that is in use again gives the copy up, and the volume goes on", async () => {
    const { home, mount, plug } = await disk();
    const rig = await rigOver(path("stays"), mount);
    const volume = await create(rig, "a");
    const isSecondUp = async () => (await downOf(rig))[1] === undefined;
    for (const isMoving of [true, false]) {
      await run("umount", ["--lazy", mount]);
      await until(async () => !(await isSecondUp()), "the pool is down");
      const layout = new PoolLayout(home);
      await copyFile(volume.path, layout.disk("a", volume.id));
      const record = { ...volumeRecord(volume), movedFrom: rig.pool.id };
      await writeFile(layout.record("a", volume.id), JSON.stringify(record));
      if (isMoving) rig.parts.inventory.moving.add(volume.id);
      await plug();
      await until(isSecondUp, "the pool is up");
      rig.parts.inventory.moving.delete(volume.id);
      expect(await rig.engine.getVolume(volume.id, context())).to.deep.equal(volume);
      await rig.engine.modifyVolume(volume.id, { labels: {}, attributes: {} }, context());
      expect(rig.parts.catalog.leftAlone()).to.deep.equal([]);
      const copies = (await readdir(home)).filter((name) => name.includes(volume.id));
      expect(copies).to.have.lengthOf(isMoving ? 2 : 0);
    }
  });

  it("and comes back with other content is read again", async () => {
    const { home, mount, plug } = await disk();
    const rig = await rigOver(mount);
    const volume = await create(rig, "a");
    await run("umount", ["--lazy", mount]);
    await until(isDown(rig), "the pool is down");
    const elsewhere = await rigOver(home);
    await elsewhere.engine.deleteVolume(volume.id, context());
    const made2 = await create(elsewhere, "b");
    await elsewhere.close();
    await plug();
    await until(isUp(rig), "the pool is up");
    await refused(rig.engine.getVolume(volume.id, context()), "NOT_FOUND");
    expect(await rig.engine.getVolume("b", context())).to.deep.include({ id: made2.id });
  });

  it("is not mistaken for the pool that another directory in its place is", async () => {
    const [one, other] = [await disk(), await disk()];
    const rig = await rigOver(one.mount);
    await create(rig, "a");
    const foreign = await rigOver(other.mount);
    await create(foreign, "theirs");
    await foreign.close();
    await run("umount", ["--lazy", one.mount]);
    await run("mount", ["--bind", other.home, one.mount]);
    await until(
      async () => ((await downOf(rig))[0] ?? "").includes("another pool"),
      "the other pool is told from this one",
    );
    await refused(create(rig, "b"), "UNAVAILABLE");
    expect((await readdir(one.mount)).filter((name) => name.includes("b;"))).to.deep.equal([]);
  });

  it("and was not there at the start blocks what it may hold", async () => {
    const { mount, plug } = await disk();
    const first = await rigOver(mount, path("beside"));
    const volume = await create(first, "a");
    const { known } = first;
    await first.close();
    await run("umount", ["--lazy", mount]);
    const rig = await openRig(first.directories, { known });
    rigs.push(rig);
    await refused(create(rig, "a", "pool-1"), "UNAVAILABLE", "not been read");
    await refused(rig.engine.getVolume(volume.id, context()), "UNAVAILABLE");
    await refused(rig.engine.deleteVolume(volume.id, context()), "UNAVAILABLE");
    await plug();
    await until(isUp(rig), "the pool is up");
    expect((await rig.engine.getVolume("a", context())).id).to.equal(volume.id);
    expect((await create(rig, "z", "pool-1")).pool).to.equal("pool-1");
  });

  it("is read-only for a while refuses changes with that reason and takes them again", async () => {
    const { home, mount } = await disk();
    const rig = await rigOver(mount);
    const volume = await create(rig, "a");
    // A file that is open for writing keeps the mount itself from turning: one over it does the same to every path.
    await run("mount", ["--bind", home, mount]);
    await run("mount", ["-o", "remount,bind,ro", mount]);
    await refused(create(rig, "b"), "UNAVAILABLE", /read-only/i);
    await refused(rig.engine.deleteVolume(volume.id, context()), "UNAVAILABLE", /read-only/i);
    await refused(rig.engine.expandVolume(volume.id, exactly(16n * MiB), context()), "UNAVAILABLE");
    expect((await rig.engine.getVolume("a", context())).size).to.equal(8n * MiB);
    await run("umount", [mount]);
    await create(rig, "b");
    expect((await rig.engine.expandVolume(volume.id, exactly(16n * MiB), context())).size).to.equal(
      16n * MiB,
    );
    await rig.engine.deleteVolume(volume.id, context());
    expect(await rig.engine.doctor(false, context())).to.deep.equal([]);
  });
});
