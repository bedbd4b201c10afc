import { randomUUID } from "node:crypto";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { Volume } from "../../../../src/agent/engine/model.ts";
import { MiB } from "../../../../src/kit/sizes.ts";
import { checkpoint, merge } from "../../../hyperv-sim/chains.ts";
import { moveDisk } from "../../../hyperv-sim/held-files.ts";
import { withVm } from "../../../hyperv-sim/model.ts";
import { exactly, newVolume } from "../../../support/engine-rig.ts";
import { hypervRig } from "../../../support/hyperv-rig.ts";
import { context } from "../../../support/local-rig.ts";

describe("Hyper-V host: a VM that is reverted to a checkpoint", () => {
  const rig = hypervRig();
  const vmId = () => rig.vmIds[0];
  let volume: Volume;

  const problems = async () =>
    (await rig.engine.volumeHealth(volume.id, context())).map(({ message }) => message).join();
  const pathNow = async () => (await rig.simulator.vm(vmId())).drives[0]?.path ?? "";
  /** The VM goes on in a new file behind the same checkpoint. */
  const revert = async () => {
    const from = await pathNow();
    const to = from.replace(/_[^_]+$/, `_${randomUUID().toUpperCase()}.avhdx`);
    await moveDisk(from, to);
    await rig.simulator.change((state) => ({
      ...withVm(state, vmId(), (vm) => ({
        ...vm,
        drives: vm.drives.map((drive) => ({ ...drive, path: to })),
      })),
      parents: { ...state.parents, [to]: volume.path },
    }));
  };
  const endCheckpoint = () =>
    rig.simulator.change((state) =>
      merge(
        withVm(state, vmId(), (vm) => ({ ...vm, checkpoints: [] })),
        vmId(),
      ),
    );

  beforeEach(async () => {
    volume = await rig.engine.createVolume(newVolume(randomUUID(), exactly(8n * MiB)), context());
    await rig.engine.attach(vmId(), volume.id, false, undefined, context());
    await rig.simulator.change((state) => checkpoint(state, vmId(), "before the upgrade"));
    expect(await problems()).to.equal("");
  });
  afterEach(async () => {
    await endCheckpoint();
    await rig.engine.detach(vmId(), volume.id, context());
    expect(await problems()).to.equal("");
    await rig.engine.deleteVolume(volume.id, context());
    await rig.restarted();
    expect(await readdir(rig.pool)).not.to.include(".chains.json");
  });

  it("is told over a restart of the agent, until the volume is detached", async () => {
    await revert();
    expect(await problems()).to.include("before the upgrade");
    await rig.restarted();
    expect(await problems()).to.include("reverted");
    expect(await rig.engine.doctor(false, context())).to.deep.equal([]);
    // What was lost stays lost when the checkpoint goes.
    await endCheckpoint();
    expect(await problems()).to.include("reverted");
    await rig.restarted();
    expect(await problems()).to.include("reverted");
  });

  it("is noticed when that happened while no agent ran", async () => {
    await rig.restarted(revert);
    expect(await problems()).to.include("reverted");
  });

  it("is still known when its host was away for a while, and its VM with it", async () => {
    await revert();
    expect(await problems()).to.include("reverted");
    const { vms } = await rig.simulator.state();
    await rig.simulator.change((state) => ({ ...state, vms: vms.filter(({ id }) => id !== vmId()) }));
    await rig.host.listVms();
    await rig.simulator.change((state) => ({ ...state, vms }));
    expect(await problems()).to.include("reverted");
  });

  it("is not told of a VM whose checkpoint was made, or removed, while no agent ran", async () => {
    await rig.restarted(async () => {
      await rig.simulator.change((state) => checkpoint(state, vmId(), "another"));
    });
    expect(await problems()).to.equal("");
    await rig.restarted(async () => {
      await endCheckpoint();
    });
    expect(await problems()).to.equal("");
  });

  for (const text of ["", "{", '{"version":2,"disks":[]}', '{"version":1,"disks":[{"volumeId":"x"}]}']) {
    it(`is noticed from then on when what was kept is spoiled: ${text}`, async () => {
      await rig.restarted(() => writeFile(join(rig.pool, ".chains.json"), text));
      expect(await problems()).to.equal("");
      await revert();
      expect(await problems()).to.include("reverted");
    });
  }
});
