import { randomUUID } from "node:crypto";
import { expect } from "chai";
import type { Operation } from "../../../../src/agent/hosts/hyperv/protocol.ts";
import { MiB } from "../../../../src/kit/sizes.ts";
import { withVm } from "../../../hyperv-sim/model.ts";
import { exactly, newVolume } from "../../../support/engine-rig.ts";
import { hypervRig } from "../../../support/hyperv-rig.ts";
import { context } from "../../../support/local-rig.ts";
import { until } from "../../../support/until.ts";

const SIZE = 8n * MiB;

describe("Hyper-V host: a VM that moves to another host while its disk is", () => {
  const rig = hypervRig({ hosts: ["hv-1", "hv-2"], cluster: "rack" });
  const vmId = () => rig.vmIds[0];
  let id = "";

  const moves = (op: Operation) => rig.simulator.fault({ op, kind: "migrate", vmId: vmId(), to: "hv-2" });
  const snapshot = () =>
    rig.engine.createSnapshot({ name: randomUUID(), sourceVolumeId: id, labels: {} }, context());
  const merged = () =>
    until(async () => {
      const { checkpoints, drives } = await rig.simulator.vm(vmId());
      return checkpoints.length === 0 && drives.every(({ path }) => path.endsWith(".vhdx"));
    }, "the merge");

  beforeEach(async () => {
    ({ id } = await rig.engine.createVolume(newVolume(randomUUID(), exactly(SIZE)), context()));
    await rig.engine.attach(vmId(), id, false, undefined, context());
  });
  afterEach(async () => {
    expect((await rig.simulator.state()).faults, "the VM has moved").to.deep.equal([]);
    expect((await rig.simulator.vm(vmId())).host).to.equal("hv-2");
    await merged();
    await rig.engine.detach(vmId(), id, context());
    expect((await rig.simulator.vm(vmId())).drives).to.deep.equal([]);
    await rig.engine.deleteVolume(id, context());
    await rig.simulator.change((state) => withVm(state, vmId(), (vm) => ({ ...vm, host: "hv-1" })));
  });

  it("read: its new host is asked", async () => {
    await moves("diskInfo");
    expect(await rig.engine.volumeHealth(id, context())).to.deep.equal([]);
  });

  it("measured before it grows", async () => {
    await moves("diskInfo");
    const grown = await rig.engine.expandVolume(id, exactly(2n * SIZE), context());
    expect(grown.size).to.equal(2n * SIZE);
  });

  it("limited", async () => {
    await moves("setQos");
    const attributes = { maximumIops: "300" };
    await rig.engine.modifyVolume(id, { attributes, labels: {} }, context());
    expect((await rig.simulator.vm(vmId())).drives[0]?.maximumIops).to.equal(300);
  });

  it("about to be copied: that is told, and the next try copies it", async () => {
    await moves("createCheckpoint");
    const code = await snapshot().then(
      () => "OK",
      (error: unknown) => (error as { code?: string }).code,
    );
    expect(code).to.be.oneOf(["OK", "ABORTED"]);
    expect((await rig.simulator.vm(vmId())).checkpoints).to.deep.equal([]);
    expect((await snapshot()).size).to.equal(SIZE);
  });

  it("copied already: its checkpoint is removed where it is now", async () => {
    await moves("removeCheckpoint");
    expect((await snapshot()).size).to.equal(SIZE);
    await merged();
  });
});
