import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { MiB } from "../../../../src/kit/sizes.ts";
import { checkpoint } from "../../../hyperv-sim/chains.ts";
import { moveDisk } from "../../../hyperv-sim/held-files.ts";
import { withVm } from "../../../hyperv-sim/model.ts";
import { exactly, newVolume } from "../../../support/engine-rig.ts";
import { hypervRig } from "../../../support/hyperv-rig.ts";
import { context } from "../../../support/local-rig.ts";
import { until } from "../../../support/until.ts";

describe("Hyper-V host: the event log", () => {
  const rig = hypervRig();

  it("tells once that a VM was reverted under a volume, and once that this is over", async () => {
    const vmId = rig.vmIds[0];
    const request = newVolume(randomUUID(), exactly(8n * MiB));
    const volume = await rig.engine.createVolume(request, context());
    await rig.engine.attach(vmId, volume.id, false, undefined, context());
    await rig.simulator.change((state) => checkpoint(state, vmId, "before the upgrade"));
    await rig.engine.volumeHealth(volume.id, context());
    const events = async () => (await rig.simulator.state()).events;
    // A round of the host, as there is one each minute and whenever a pool comes back.
    const round = async () => {
      const looks = () => rig.asked.filter((asked) => asked === "listVms OK").length;
      const before = looks();
      await rig.host.openPool(rig.pool);
      await until(() => looks() >= before + 3, "a round");
    };
    await round();
    expect(await events()).to.deep.equal([]);

    const [drive] = (await rig.simulator.vm(vmId)).drives;
    const from = drive?.path ?? "";
    const to = from.replace(/_[^_]+$/, `_${randomUUID().toUpperCase()}.avhdx`);
    await moveDisk(from, to);
    await rig.simulator.change((state) => ({
      ...withVm(state, vmId, (vm) => ({ ...vm, drives: vm.drives.map((each) => ({ ...each, path: to })) })),
      parents: { ...state.parents, [to]: volume.path },
    }));
    await round();
    await until(async () => (await events()).length > 0, "the alarm");
    await round();
    const [alarm = "", ...more] = await events();
    expect(more).to.deep.equal([]);
    expect(alarm).to.include(volume.id).and.to.include(vmId).and.to.include("reverted");

    await rig.simulator.change((state) => withVm(state, vmId, (vm) => ({ ...vm, drives: [] })));
    await round();
    await until(async () => (await events()).length > 1, "its end");
    await round();
    expect((await events()).slice(1)).to.deep.equal([`volume ${volume.id}: what was wrong is over`]);
  });
});
