import { randomUUID } from "node:crypto";
import { readFile, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { Volume } from "../../../../src/agent/engine/model.ts";
import { MiB } from "../../../../src/kit/sizes.ts";
import { NEVER_READ } from "../../../hyperv-sim/held-files.ts";
import { OFF, RUNNING, withVm } from "../../../hyperv-sim/model.ts";
import { exactly, newVolume } from "../../../support/engine-rig.ts";
import { hypervRig } from "../../../support/hyperv-rig.ts";
import { context } from "../../../support/local-rig.ts";
import { refused } from "../../../support/refused.ts";
import { until } from "../../../support/until.ts";

const SIZE = 8n * MiB;

/**
 * On Windows nobody can open a file that a running VM has. In the simulator a stand-in lies there meanwhile, whose time of
 * last access tells of anybody who reads it, and in which nobody finds a disk.
 */
describe("Hyper-V host: the file of a disk that a VM has", () => {
  const rig = hypervRig();
  const vmId = () => rig.vmIds[0];
  let volume: Volume;

  const create = (more = {}) =>
    rig.engine.createVolume(newVolume(randomUUID(), exactly(SIZE), more), context());
  const attach = (on = vmId()) => rig.engine.attach(on, volume.id, false, undefined, context());
  const lastRead = async () => (await stat(volume.path)).atime;
  /** The VM writes: what the file system says of the file is no proof any more that it is the same disk. */
  const vmWrites = () => utimes(volume.path, NEVER_READ, new Date());
  const merged = () =>
    until(async () => {
      const { checkpoints, drives } = await rig.simulator.vm(vmId());
      return checkpoints.length === 0 && drives.every(({ path }) => path.endsWith(".vhdx"));
    }, "the merge");

  beforeEach(async () => {
    volume = await create({ labels: { app: "db" } });
    await attach();
    expect(await lastRead()).to.deep.equal(NEVER_READ);
  });
  afterEach(async () => {
    expect(await lastRead(), "somebody has read the file").to.deep.equal(NEVER_READ);
    await rig.engine.detach(vmId(), volume.id, context());
    expect(await rig.engine.volumeHealth(volume.id, context())).to.deep.equal([]);
    await rig.engine.deleteVolume(volume.id, context());
  });

  it("would tell if it were read", async function () {
    await readFile(volume.path);
    const read = await lastRead();
    await rig.engine.detach(vmId(), volume.id, context());
    await attach();
    if (read.getTime() === NEVER_READ.getTime()) {
      console.log("      skipped: the file system does not keep times of access");
      this.skip();
    }
    expect(read).to.be.greaterThan(NEVER_READ);
  });

  it("is left alone by all that reads", async () => {
    expect((await rig.engine.getVolume(volume.id, context())).size).to.equal(SIZE);
    const list = await rig.engine.listVolumes({ maxEntries: 0, token: undefined }, context());
    expect(list.items.find(({ id }) => id === volume.id)?.attachments).to.have.length(1);
    expect(await rig.engine.volumeHealth(volume.id, context())).to.deep.equal([]);
    expect((await rig.engine.listHealth({ maxEntries: 0, token: undefined }, context())).items).to.deep.equal(
      [],
    );
    expect(await rig.engine.doctor(false, context())).to.deep.equal([]);
    await rig.engine.capacity(undefined, context());
    await rig.engine.listPools(context());
  });

  it("is left alone when the volume is expanded, which Hyper-V does", async () => {
    for (const size of [2n * SIZE, 2n * SIZE, 3n * SIZE]) {
      await vmWrites();
      expect((await rig.engine.expandVolume(volume.id, exactly(size), context())).size).to.equal(size);
    }
    expect((await rig.engine.getVolume(volume.id, context())).size).to.equal(3n * SIZE);
  });

  it("is left alone when the volume is modified, created again or refused to be deleted", async () => {
    await vmWrites();
    const change = { attributes: { maximumIops: "500" }, labels: { app: "web" } };
    expect((await rig.engine.modifyVolume(volume.id, change, context())).labels).to.deep.equal({
      app: "web",
    });
    await vmWrites();
    const again = newVolume(volume.name, exactly(SIZE), { blockSize: 2n * MiB });
    expect((await rig.engine.createVolume(again, context())).id).to.equal(volume.id);
    await refused(rig.engine.deleteVolume(volume.id, context()), "FAILED_PRECONDITION", "attached");
    await refused(
      rig.engine.moveVolume(volume.id, "elsewhere", context()),
      "FAILED_PRECONDITION",
      "attached",
    );
  });

  it("is left alone when it is attached and detached again and again", async () => {
    const first = await attach();
    for (let again = 0; again < 3; again++) {
      await vmWrites();
      expect(await attach()).to.deep.equal(first);
    }
    await refused(attach(rig.vmIds[1]), "FAILED_PRECONDITION", vmId());
    await rig.engine.detach(rig.vmIds[1], volume.id, context());
    expect(await attach()).to.deep.equal(first);
  });

  it("is copied under a checkpoint alone, and left alone afterwards", async () => {
    await vmWrites();
    const snapshot = { name: randomUUID(), sourceVolumeId: volume.id, labels: {} };
    const cut = await rig.engine.createSnapshot(snapshot, context());
    await merged();
    const clone = await create({ source: { kind: "volume", id: volume.id } });
    await merged();
    await rig.engine.deleteSnapshot(cut.id, context());
    await rig.engine.deleteVolume(clone.id, context());
  });

  for (const [index, meanwhile] of [
    ["an index", () => Promise.resolve()],
    ["no index", () => rm(join(rig.pool, ".index"), { force: true })],
  ] as const) {
    it(`is left alone when an agent starts with ${index}: the host is asked`, async () => {
      await rig.restarted(meanwhile);
      const { name, size, type, labels, fault } = await rig.engine.getVolume(volume.id, context());
      expect({ name, size, type, labels, fault }).to.deep.equal({
        ...{ name: volume.name, size: SIZE, type: "fixed", labels: { app: "db" }, fault: undefined },
      });
      expect(await rig.engine.doctor(false, context())).to.deep.equal([]);
      expect((await attach()).vmId).to.equal(vmId());
      expect((await rig.engine.expandVolume(volume.id, exactly(2n * SIZE), context())).size).to.equal(
        2n * SIZE,
      );
    });
  }

  it("is left alone while its VM is off: the VM could not start", async () => {
    const turn = (state: number) =>
      rig.simulator.change((now) => withVm(now, vmId(), (vm) => ({ ...vm, state })));
    await turn(OFF);
    await rig.restarted(() => rm(join(rig.pool, ".index"), { force: true }));
    expect(await rig.engine.volumeHealth(volume.id, context())).to.deep.equal([]);
    expect(await rig.engine.doctor(false, context())).to.deep.equal([]);
    expect((await attach()).vmId).to.equal(vmId());
    await turn(RUNNING);
  });

  it("is not guessed about while the host can't be asked: its pool waits", async () => {
    const answers = (yes: boolean) =>
      rig.simulator.change((state) => ({
        ...state,
        hosts: state.hosts.map((host) => ({ ...host, answers: yes })),
      }));
    await rig.restarted(async () => {
      await rm(join(rig.pool, ".index"), { force: true });
      await answers(false);
    });
    await refused(rig.engine.getVolume(volume.id, context()), "UNAVAILABLE", "does not answer");
    await answers(true);
    await until(async () => {
      const [pool] = await rig.engine.listPools(context());
      return pool?.down === undefined;
    }, "the pool to come back");
    expect((await rig.engine.getVolume(volume.id, context())).fault).to.equal(undefined);
  });
});
