import { randomUUID } from "node:crypto";
import { expect } from "chai";
import type { Volume } from "../../../../src/agent/engine/model.ts";
import { MiB } from "../../../../src/kit/sizes.ts";
import { checkpoint } from "../../../hyperv-sim/chains.ts";
import { withVm } from "../../../hyperv-sim/model.ts";
import { exactly, newVolume } from "../../../support/engine-rig.ts";
import { hypervRig } from "../../../support/hyperv-rig.ts";
import { context } from "../../../support/local-rig.ts";
import { refused } from "../../../support/refused.ts";
import { until } from "../../../support/until.ts";

const SIZE = 8n * MiB;
/** More than a test looks. */
const FOR_EVER = 1_000_000;

describe("Hyper-V host: a merge that does not end", () => {
  const rig = hypervRig({ longestMergeMs: 300 });
  const vmId = () => rig.vmIds[0];
  const vm = () => rig.simulator.vm(vmId());
  let volume: Volume;

  const snapshot = () =>
    rig.engine.createSnapshot({ name: randomUUID(), sourceVolumeId: volume.id, labels: {} }, context());
  const problems = async () =>
    (await rig.engine.volumeHealth(volume.id, context())).map(({ message }) => message).join();
  const endMerge = () =>
    rig.simulator.change((state) => withVm(state, vmId(), (each) => ({ ...each, mergeLooks: 1 })));
  const isMerged = async () => {
    await rig.host.listVms();
    const { checkpoints, drives } = await vm();
    return checkpoints.length === 0 && drives.every(({ path }) => path.endsWith(".vhdx"));
  };

  beforeEach(async () => {
    volume = await rig.engine.createVolume(newVolume(randomUUID(), exactly(SIZE)), context());
    await rig.engine.attach(vmId(), volume.id, false, undefined, context());
  });
  afterEach(async () => {
    await until(isMerged, "the merge");
    expect(await problems()).to.equal("");
    await rig.engine.detach(vmId(), volume.id, context());
    await rig.engine.deleteVolume(volume.id, context());
  });

  it("leaves the snapshot made, blocks nobody for ever, and is told with VM and disk until it ends", async () => {
    await rig.simulator.fault({ op: "removeCheckpoint", kind: "slow-merge", looks: FOR_EVER });
    const made = await snapshot();
    expect(made.size).to.equal(SIZE);
    await until(async () => (await problems()) !== "", "the alarm");
    const told = await problems();
    for (const part of [vmId(), "node-1", volume.path, ".avhdx"]) expect(told).to.include(part);
    await refused(snapshot(), "FAILED_PRECONDITION", "still merges");
    await refused(rig.engine.detach(vmId(), volume.id, context()), "FAILED_PRECONDITION", "still merges");
    const larger = rig.engine.expandVolume(volume.id, exactly(SIZE * 2n), context());
    await refused(larger, "FAILED_PRECONDITION", "still merges");
    // Another disk of that VM comes and goes meanwhile.
    const other = await rig.engine.createVolume(newVolume(randomUUID(), exactly(SIZE)), context());
    await rig.engine.attach(vmId(), other.id, false, undefined, context());
    await rig.engine.detach(vmId(), other.id, context());
    await rig.engine.deleteVolume(other.id, context());
    await endMerge();
  });

  it("of a copy that an agent left is told when the next copy comes, and the reaper goes on", async () => {
    await rig.simulator.change((state) => checkpoint(state, vmId(), `hyperv-csi test ${randomUUID()}`));
    await rig.simulator.fault({ op: "removeCheckpoint", kind: "slow-merge", looks: FOR_EVER });
    await refused(snapshot(), "ABORTED", "has not merged checkpoint hyperv-csi test");
    expect((await vm()).checkpoints).to.deep.equal([]);
    expect(await rig.host.leftovers(true)).to.deep.equal([]);
    await endMerge();
  });

  it("and whose checkpoint Hyper-V does not take away is tried again by the next round", async () => {
    const locked = { hresult: -2_147_023_706, fullyQualifiedErrorId: "InvalidState,x", category: "" };
    const error = { ...locked, message: "Der Vorgang ist im aktuellen Zustand nicht möglich." };
    await rig.simulator.fault({ op: "removeCheckpoint", kind: "error", when: "before", error });
    await snapshot();
    await until(async () => {
      const { faults } = await rig.simulator.state();
      return faults.length === 0;
    }, "the refusal");
    await until(async () => {
      await rig.host.leftovers(true);
      return (await vm()).checkpoints.length === 0;
    }, "the reaper");
  });
});
