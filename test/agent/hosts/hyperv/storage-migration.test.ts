import { randomUUID } from "node:crypto";
import { copyFile, mkdir, rename, rm } from "node:fs/promises";
import { basename } from "node:path";
import { expect } from "chai";
import type { Volume } from "../../../../src/agent/engine/model.ts";
import { MiB } from "../../../../src/kit/sizes.ts";
import { moveDisk } from "../../../hyperv-sim/held-files.ts";
import { withVm } from "../../../hyperv-sim/model.ts";
import { exactly, newVolume } from "../../../support/engine-rig.ts";
import { hypervRig } from "../../../support/hyperv-rig.ts";
import { context } from "../../../support/local-rig.ts";
import { until } from "../../../support/until.ts";
import { refused } from "../../../support/refused.ts";

const SIZE = 8n * MiB;

describe("Hyper-V host: storage migration of a VM", () => {
  const rig = hypervRig();
  const vmId = () => rig.vmIds[0];
  let volume: Volume;

  const attach = (on = vmId()) => rig.engine.attach(on, volume.id, false, undefined, context());
  const problems = async () =>
    (await rig.engine.volumeHealth(volume.id, context())).map(({ message }) => message).join();
  /** Move-VMStorage, which the VM does not notice. */
  const migrate = async (from: string, to: string) => {
    await moveDisk(from, to);
    await rig.simulator.change((state) =>
      withVm(state, vmId(), (vm) => ({
        ...vm,
        drives: vm.drives.map((drive) => (drive.path === from ? { ...drive, path: to } : drive)),
      })),
    );
  };

  before(() => mkdir(rig.path("elsewhere")));
  beforeEach(async () => {
    // With a record, so that it is known after a start, too.
    const request = newVolume(randomUUID(), exactly(SIZE), { labels: { app: "db" } });
    volume = await rig.engine.createVolume(request, context());
    await attach();
  });

  for (const [how, nameOf] of [
    ["under its name", (path: string) => basename(path)],
    ["under another name", () => `data-${randomUUID()}.vhdx`],
  ] as const) {
    it(`that brings a disk elsewhere ${how} is told, and nothing is lost or attached twice`, async () => {
      const moved = rig.path("elsewhere", nameOf(volume.path));
      await migrate(volume.path, moved);
      // The very first call.
      await refused(rig.engine.deleteVolume(volume.id, context()), "FAILED_PRECONDITION", /./);

      for (const start of ["running", "started anew"]) {
        if (start !== "running") await rig.restarted();
        const told = await problems();
        expect(told, start).to.include("storage migration").and.to.include(moved).and.to.include(vmId());
        expect(told, start).not.to.include("missing");
        const attachments = await rig.engine.attachmentsOf(volume.id, context());
        expect(
          attachments.map((each) => each.vmId),
          start,
        ).to.deep.equal([vmId()]);
        const { items } = await rig.engine.listVolumes({ maxEntries: 0, token: undefined }, context());
        expect(items.find(({ id }) => id === volume.id)?.attachments, start).to.have.length(1);
        const larger = exactly(SIZE * 2n);
        for (const change of [
          rig.engine.expandVolume(volume.id, larger, context()),
          rig.engine.createSnapshot({ name: "s", sourceVolumeId: volume.id, labels: {} }, context()),
          rig.engine.deleteVolume(volume.id, context()),
          attach(rig.vmIds[1]),
        ]) {
          await refused(change, "FAILED_PRECONDITION", /move it back|attached/);
        }
      }

      await migrate(moved, volume.path);
      await rig.restarted();
      expect(await problems()).to.equal("");
      expect((await attach()).vmId).to.equal(vmId());
      await rig.engine.detach(vmId(), volume.id, context());
      await rig.engine.deleteVolume(volume.id, context());
    });
  }

  it("is not what a VM has a copy for: the disk in the pool is the volume", async () => {
    await rig.engine.detach(vmId(), volume.id, context());
    const copy = rig.path("elsewhere", "exported.vhdx");
    await copyFile(volume.path, copy);
    const other = await rig.simulator.vm(rig.vmIds[1]);
    const [controllerId = ""] = other.controllers;
    const drive = { controllerId, lun: 5, path: copy, readOnly: false, minimumIops: 0, maximumIops: 0 };
    const give = (drives: (typeof other)["drives"]) =>
      rig.simulator.change((state) => withVm(state, other.id, (vm) => ({ ...vm, drives })));
    await give([drive]);
    const before = rig.asked.length;
    await rig.restarted();
    await until(
      () => Promise.resolve(rig.asked.slice(before).includes("diskInfo OK")),
      "the copy to be asked for its id",
    );
    expect(await rig.engine.attachmentsOf(volume.id, context())).to.deep.equal([]);
    expect((await attach()).vmId).to.equal(vmId());
    expect(await problems()).to.equal("");
    await rig.engine.detach(vmId(), volume.id, context());
    await rig.engine.deleteVolume(volume.id, context());
    await give([]);
  });

  it("is not what became of a disk that no VM has: it is missing, and can be deleted", async () => {
    await rig.engine.detach(vmId(), volume.id, context());
    const aside = rig.path("elsewhere", "aside.vhdx");
    await rename(volume.path, aside);
    expect((await rig.engine.volumeHealth(volume.id, context())).map(({ kind }) => kind)).to.deep.equal([
      "missing-file",
    ]);
    await refused(attach(), "FAILED_PRECONDITION", "can't be used");
    await rig.engine.deleteVolume(volume.id, context());
    await rm(aside);
  });
});
