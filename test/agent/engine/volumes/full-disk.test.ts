import { mkdir, open, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { hasErrno } from "../../../../src/kit/errors.ts";
import { run } from "../../../../src/kit/run.ts";
import { MiB, TiB } from "../../../../src/kit/sizes.ts";
import { inspectVhdx } from "../../../../src/vhdx/index.ts";
import { exactly, makeVolume, openRig, restarted, type EngineRig } from "../../../support/engine-rig.ts";
import { context } from "../../../support/local-rig.ts";
import { needsLoopDevices } from "../../../support/needs-loop-devices.ts";
import { refused } from "../../../support/refused.ts";
import { scratchDirectory } from "../../../support/scratch-directory.ts";

describe("a pool whose file system is full", () => {
  const path = scratchDirectory();
  const opened: EngineRig[] = [];
  let made = 0;
  before(needsLoopDevices);
  afterEach(() => Promise.all(opened.splice(0).map((rig) => rig.close())));

  /** A pool on an ext4 of its own. It says that it has room, so that the work starts and the file system ends it. */
  async function poolOn(...options: string[]): Promise<EngineRig & { readonly mount: string }> {
    const image = path(`${made}.img`);
    const mount = path(`mount-${made++}`);
    await writeFile(image, "");
    await truncate(image, 40 * 1024 * 1024);
    await run("mkfs.ext4", ["-q", "-m", "0", ...options, image]);
    await mkdir(mount);
    await run("mount", ["-o", "loop", image, mount]);
    const rig = await openRig([join(mount, "pool")], { free: () => 2n ** 60n }, opened);
    return { ...rig, mount };
  }

  /** Takes all of the file system but `left` bytes, to the last block and inode. */
  async function fill(mount: string, left = 0): Promise<void> {
    const filler = join(mount, "filler");
    const file = await open(filler, "w");
    try {
      for (let size = 1 << 20; size >= 512; size >>= 1) {
        while (await fits(file.write(Buffer.alloc(size, 1)).then(() => file.datasync())));
      }
      if (left > 0) await file.truncate((await file.stat()).size - left);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  const fits = (work: Promise<void>) =>
    work.then(
      () => true,
      (error: unknown) => {
        if (!hasErrno(error, "ENOSPC")) throw error;
        return false;
      },
    );

  const disksIn = async (rig: EngineRig) =>
    (await readdir(rig.pool.directory, { recursive: true })).filter((name) => name.endsWith(".vhdx"));

  it("refuses a volume before it starts, from what is free", async () => {
    const rig = await poolOn();
    const honest = await restarted(rig);
    await refused(makeVolume(honest, 1024n * MiB), "RESOURCE_EXHAUSTED", "less than the 1 GiB");
    expect(await disksIn(rig)).to.deep.equal([]);
    expect((await honest.engine.capacity(undefined, context())).available < 40n * MiB).to.equal(true);
  });

  it("ends a create with RESOURCE_EXHAUSTED, leaves no file, and works again once there is room", async () => {
    const rig = await poolOn();
    await makeVolume(rig, 8n * MiB, "before");
    await fill(rig.mount);
    for (let i = 0; i < 3; i++)
      await refused(makeVolume(rig, 8n * MiB, "data"), "RESOURCE_EXHAUSTED", "ENOSPC");
    expect((await disksIn(rig)).map((name) => name.split(";")[0])).to.deep.equal(["before"]);
    await rm(join(rig.mount, "filler"));
    await makeVolume(rig, 8n * MiB, "data");
  });

  it("ends creates that run together with an answer each, and no file of those that failed", async () => {
    const rig = await poolOn();
    await fill(rig.mount, 1024 * 1024);
    const ids: string[] = [];
    const failures: unknown[] = [];
    while (failures.length === 0) {
      const batch = Array.from({ length: 8 }, () => makeVolume(rig, 8n * MiB));
      for (const result of await Promise.allSettled(batch)) {
        if (result.status === "fulfilled") ids.push(result.value.id);
        else failures.push(result.reason);
      }
    }
    expect(ids).not.to.be.empty;
    for (const failure of failures) expect(hasErrno(failure, "ENOSPC"), String(failure)).to.equal(true);
    expect((await disksIn(rig)).map((name) => name.slice(-41, -5)).sort()).to.deep.equal(ids.sort());
    for (const id of ids) await inspectVhdx((await rig.engine.getVolume(id, context())).path);
  });

  it("lets volumes, and groups with their snapshots, be deleted", async () => {
    const rig = await poolOn();
    const volume = await makeVolume(rig);
    const group = await rig.engine.createSnapshotGroup("group", [volume.id], {}, context());
    await fill(rig.mount);
    await refused(makeVolume(rig), "RESOURCE_EXHAUSTED", "ENOSPC");
    await rig.engine.deleteSnapshotGroup(group.id, context());
    await fill(rig.mount);
    await rig.engine.deleteVolume(volume.id, context());
    expect(await disksIn(rig)).to.deep.equal([]);
  });

  it("ends a create with RESOURCE_EXHAUSTED when inodes are all that is gone", async () => {
    const rig = await poolOn("-N", "32");
    for (let i = 0; i < 40; i++) await writeFile(join(rig.mount, `inode-${i}`), "").catch(() => undefined);
    await refused(makeVolume(rig), "RESOURCE_EXHAUSTED", "ENOSPC");
    expect(await disksIn(rig)).to.deep.equal([]);
  });

  it("ends an expansion with RESOURCE_EXHAUSTED: the disk is as it was, and grows later", async () => {
    const rig = await poolOn();
    const { id, path: disk } = await makeVolume(rig, 8n * MiB, "data");
    await fill(rig.mount);
    // A table that reaches a block not written before.
    const size = 512n * 1024n * MiB;
    await refused(rig.engine.expandVolume(id, exactly(size), context()), "RESOURCE_EXHAUSTED", "ENOSPC");
    expect((await inspectVhdx(disk)).virtualSize).to.equal(8n * MiB);
    expect((await rig.engine.getVolume(id, context())).size).to.equal(8n * MiB);
    await rm(join(rig.mount, "filler"));
    expect((await rig.engine.expandVolume(id, exactly(size), context())).size).to.equal(size);
    expect((await inspectVhdx(disk)).virtualSize).to.equal(size);
  });

  it("answers OUT_OF_RANGE for a disk larger than any file of its file system", async () => {
    const rig = await poolOn("-b", "1024");
    await refused(makeVolume(rig, 60n * TiB, "data"), "OUT_OF_RANGE", "EFBIG");
    expect(await disksIn(rig)).to.deep.equal([]);
    const { id, path: disk } = await makeVolume(rig, 1n * TiB, "data");
    await refused(rig.engine.expandVolume(id, exactly(60n * TiB), context()), "OUT_OF_RANGE", "EFBIG");
    expect((await inspectVhdx(disk)).virtualSize).to.equal(1n * TiB);
  });
});
