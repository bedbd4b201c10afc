import { randomUUID } from "node:crypto";
import { expect } from "chai";
import type { Operation } from "../../../../src/agent/hosts/hyperv/protocol.ts";
import { MiB } from "../../../../src/kit/sizes.ts";
import { inspectVhdx } from "../../../../src/vhdx/index.ts";
import { bytesOf } from "../../../hyperv-sim/held-files.ts";
import { type Fault, OFF, withVm } from "../../../hyperv-sim/model.ts";
import { exactly, newVolume } from "../../../support/engine-rig.ts";
import { hypervRig } from "../../../support/hyperv-rig.ts";
import { context } from "../../../support/local-rig.ts";
import { refused } from "../../../support/refused.ts";

const SIZE = 8n * MiB;
const unknown = {
  hresult: -2_147_467_259,
  fullyQualifiedErrorId: "InvalidCast,Zwischenspeicher",
  category: "InvalidArgument",
  message: "Die Umwandlung ist ungültig.",
};

/** Everything that may become of a request to a worker. */
function faultsAt(op: Operation): Fault[] {
  const moments = ["before", "after"] as const;
  return moments.flatMap((when): Fault[] => [
    { op, kind: "crash", when },
    { op, kind: "hang", when },
    { op, kind: "garbage", when },
    { op, kind: "error", when, error: unknown },
    ...(when === "after" ? [{ op, kind: "stale", when } as const] : []),
  ]);
}

const nameOf = (fault: Fault) => `${fault.kind} ${"when" in fault ? fault.when : ""}`.trim();

describe("Hyper-V host, when things go wrong", () => {
  const rig = hypervRig({ workers: { deadlineMs: (op) => (op === "hello" ? 60_000 : 6000) } });

  async function newDisk() {
    const { id } = await rig.engine.createVolume(newVolume(randomUUID(), exactly(SIZE)), context());
    return id;
  }
  const attach = (id: string, vm = 0) => rig.engine.attach(rig.vmIds[vm]!, id, false, undefined, context());
  const detach = (id: string) => rig.engine.detach(rig.vmIds[0], id, context());
  /** The slots in which the simulator has the volume, over all VMs. */
  const slotsOf = async (id: string) =>
    (await rig.simulator.state()).vms.flatMap(({ id: vmId, drives }) =>
      drives.filter(({ path }) => path.includes(id)).map(({ lun }) => ({ vmId, lun })),
    );
  const vmOf = (id: string, state: number) =>
    rig.simulator.change((now) => withVm(now, id, (vm) => ({ ...vm, state })));

  afterEach(async () => {
    expect((await rig.simulator.state()).faults, "every fault has happened").to.deep.equal([]);
  });

  for (const fault of faultsAt("attach")) {
    it(`attaches once: ${nameOf(fault)} the change`, async () => {
      const id = await newDisk();
      await rig.simulator.fault(fault);
      const { address } = await attach(id);
      const slots = await slotsOf(id);
      expect(slots).to.have.length(1);
      expect(address).to.include({ kind: "vmbus", lun: slots[0]?.lun });
      await detach(id);
      expect(await slotsOf(id)).to.deep.equal([]);
    });
  }

  for (const fault of faultsAt("detach")) {
    it(`detaches: ${nameOf(fault)} the change`, async () => {
      const id = await newDisk();
      await attach(id);
      await rig.simulator.fault(fault);
      await detach(id);
      expect(await slotsOf(id)).to.deep.equal([]);
      await rig.engine.deleteVolume(id, context());
    });
  }

  for (const fault of faultsAt("resize").filter(({ kind }) => kind !== "stale" && kind !== "error")) {
    it(`grows: ${nameOf(fault)} the change`, async () => {
      const id = await newDisk();
      await attach(id);
      await rig.simulator.fault(fault);
      expect((await rig.engine.expandVolume(id, exactly(SIZE * 2n), context())).size).to.equal(SIZE * 2n);
      const { path } = await rig.engine.getVolume(id, context());
      expect((await inspectVhdx(bytesOf(path))).virtualSize).to.equal(SIZE * 2n);
      await detach(id);
    });
  }

  for (const fault of faultsAt("listVms").filter(({ kind }) => kind !== "stale")) {
    it(`reads again: ${nameOf(fault)} a list`, async () => {
      await rig.simulator.fault(fault);
      const vms = await rig.engine.listVms(context());
      expect(vms.map(({ id }) => id)).to.have.members([...rig.vmIds]);
    });
  }

  it("waits for a slow worker", async () => {
    await rig.simulator.fault({ op: "listVms", kind: "slow", ms: 1000 });
    expect(await rig.engine.listVms(context())).to.have.length(2);
  });

  it("tells that a disk is locked, whatever the language, and attaches it once it is free", async () => {
    const id = await newDisk();
    const { path } = await rig.engine.getVolume(id, context());
    await rig.simulator.change((state) => ({ ...state, locked: [path] }));
    await refused(attach(id), "FAILED_PRECONDITION", "0x80070020");
    expect(await slotsOf(id)).to.deep.equal([]);
    await rig.simulator.change((state) => ({ ...state, locked: [] }));
    await attach(id);
    await detach(id);
  });

  it("doesn't give a disk away that a VM has which is off", async () => {
    const id = await newDisk();
    await attach(id);
    await vmOf(rig.vmIds[0], OFF);
    await refused(attach(id, 1), "FAILED_PRECONDITION", rig.vmIds[0]);
    await refused(rig.engine.deleteVolume(id, context()), "FAILED_PRECONDITION", "attached");
    expect(await slotsOf(id)).to.have.length(1);
    await detach(id);
    await attach(id, 1);
    await rig.engine.detach(rig.vmIds[1], id, context());
    await vmOf(rig.vmIds[0], 2);
  });

  it("attaches a disk once when many ask, to whichever VM came first", async () => {
    const id = await newDisk();
    const asked = [0, 1, 0, 1, 0].map((vm) => attach(id, vm).then(String, String));
    await Promise.all(asked);
    expect(await slotsOf(id)).to.have.length(1);
    for (const vmId of rig.vmIds) await rig.engine.detach(vmId, id, context());
  });

  it("finds another slot when somebody else took the one that was free", async () => {
    const id = await newDisk();
    await rig.host.listVms();
    const [controllerId = ""] = (await rig.simulator.vm(rig.vmIds[0])).controllers;
    const foreign = { controllerId, lun: 0, path: "/elsewhere/system.vhdx", readOnly: false };
    await rig.simulator.change((state) =>
      withVm(state, rig.vmIds[0], (vm) => ({
        ...vm,
        drives: [{ ...foreign, minimumIops: 0, maximumIops: 0 }],
      })),
    );
    // LUN 1 is the DVD drive's.
    expect((await attach(id)).address).to.deep.equal({ kind: "vmbus", controllerId, lun: 2 });
    await detach(id);
    expect((await rig.simulator.vm(rig.vmIds[0])).drives).to.have.length(1);
    await rig.simulator.change((state) => withVm(state, rig.vmIds[0], (vm) => ({ ...vm, drives: [] })));
  });

  it("says what to do when no slot is left", async () => {
    const id = await newDisk();
    const vmId = rig.vmIds[1];
    const { controllers } = await rig.simulator.vm(vmId);
    const drives = controllers.flatMap((controllerId) =>
      // LUN 1 is the DVD drive's.
      [0, ...Array.from({ length: 62 }, (_, index) => index + 2)].map((lun) => ({
        ...{ controllerId, lun, path: `/elsewhere/${lun}.vhdx`, readOnly: false },
        ...{ minimumIops: 0, maximumIops: 0 },
      })),
    );
    await rig.simulator.change((state) => withVm(state, vmId, (vm) => ({ ...vm, drives })));
    await refused(attach(id, 1), "RESOURCE_EXHAUSTED", "turn the VM off and add one");
    await rig.simulator.change((state) =>
      withVm(state, vmId, (vm) => ({ ...vm, drives: [], controllers: [] })),
    );
    await refused(attach(id, 1), "RESOURCE_EXHAUSTED", "no SCSI controller");
    await rig.simulator.change((state) => withVm(state, vmId, (vm) => ({ ...vm, controllers })));
  });
});
