import { expect } from "chai";
import { pullOut, takeOut } from "../hyperv-sim/devices.ts";
import { DOWN, OFF, RUNNING, type SimDrive, UP, withVm } from "../hyperv-sim/model.ts";
import { expectFailure } from "../support/failure.ts";
import { hypervRig } from "../support/hyperv-rig.ts";
import { servedEngines } from "./support/served-engine.ts";
import { idIn, type Volumes } from "./support/volumes.ts";

describe("what the controller tells of a Hyper-V host on which somebody else is at work", () => {
  const serve = servedEngines();
  const rig = hypervRig();
  let volumes: Volumes;
  let one = "";
  let two = "";
  before(async () => {
    [one, two] = rig.vmIds;
    volumes = await serve(rig.engine);
  });

  /** Takes a volume's drive out of a VM by hand. */
  async function takenOut(handle: string, vmId: string): Promise<SimDrive> {
    const vm = await rig.simulator.vm(vmId);
    const drive = vm.drives.find(({ path }) => path.includes(idIn(handle)))!;
    await takeOut(rig.simulator.directory, vm, drive);
    const drives = vm.drives.filter((each) => each !== drive);
    await rig.simulator.change((state) => withVm(state, vmId, (each) => ({ ...each, drives })));
    return drive;
  }

  async function turn(vmId: string, state: number): Promise<void> {
    const vm = await rig.simulator.vm(vmId);
    if (state === OFF) for (const drive of vm.drives) await pullOut(rig.simulator.directory, vm, drive);
    await rig.simulator.change((all) => withVm(all, vmId, (each) => ({ ...each, state })));
  }

  it("is what the VMs have: a disk taken out by hand, and one put into another VM", async () => {
    const [gone, moved] = [await volumes.make(), await volumes.make()];
    for (const handle of [gone, moved]) await volumes.publish(handle, one);
    await takenOut(gone, one);
    const drive = await takenOut(moved, one);
    const [controllerId = ""] = (await rig.simulator.vm(two)).controllers;
    const there = { ...drive, controllerId, lun: 7 };
    await rig.simulator.change((all) => withVm(all, two, (vm) => ({ ...vm, drives: [...vm.drives, there] })));

    expect(await volumes.listed()).to.deep.equal({ [gone]: [], [moved]: [two] });
    expect(await volumes.nodesOf(gone)).to.deep.equal([]);
    expect(await volumes.nodesOf(moved)).to.deep.equal([two]);
    await expectFailure(volumes.publish(moved, one), "FAILED_PRECONDITION", new RegExp(two));
    await volumes.publish(gone, one);
    expect(await volumes.nodesOf(gone)).to.deep.equal([one]);
    for (const [handle, vmId] of Object.entries({ [gone]: one, [moved]: two })) {
      await volumes.unpublish(handle, vmId);
    }
  });

  it("gives each of many volumes that are attached to one VM at once a unit of its own", async () => {
    const handles = await Promise.all(Array.from({ length: 8 }, () => volumes.make()));
    const contexts = await Promise.all(handles.map((handle) => volumes.publish(handle, one)));
    const places = contexts.map(({ controllerId, lun }) => `${controllerId}:${lun}`);
    expect(new Set(places).size).to.equal(8);
    const { drives } = await rig.simulator.vm(one);
    expect(drives.map(({ controllerId, lun }) => `${controllerId}:${lun}`)).to.have.members(places);
    await Promise.all(handles.map((handle) => volumes.unpublish(handle, one)));
    expect((await rig.simulator.vm(one)).drives).to.deep.equal([]);
  });

  it("leaves a volume with a VM that is off, refuses the second, and lets go when it is told to", async () => {
    const handle = await volumes.make();
    await volumes.publish(handle, one);
    await turn(one, OFF);
    expect(await volumes.nodesOf(handle)).to.deep.equal([one]);
    await expectFailure(volumes.publish(handle, two), "FAILED_PRECONDITION", new RegExp(one));
    for (let again = 0; again < 2; again++) await volumes.unpublish(handle, one);
    await volumes.publish(handle, two);
    expect(await volumes.nodesOf(handle)).to.deep.equal([two]);
    await volumes.unpublish(handle, two);
    await turn(one, RUNNING);
  });

  it("has nothing with a VM that was removed, and gives its volumes to others", async () => {
    const handle = await volumes.make();
    await volumes.publish(handle, two);
    const removed = await rig.simulator.vm(two);
    await turn(two, OFF);
    for (const drive of removed.drives) await takeOut(rig.simulator.directory, removed, drive);
    await rig.simulator.change((all) => ({ ...all, vms: all.vms.filter(({ id }) => id !== two) }));
    try {
      expect(await volumes.nodesOf(handle)).to.deep.equal([]);
      for (let again = 0; again < 2; again++) await volumes.unpublish(handle, two);
      await volumes.publish(handle, one);
      expect(await volumes.nodesOf(handle)).to.deep.equal([one]);
      await volumes.unpublish(handle, one);
    } finally {
      await rig.simulator.change((all) => ({ ...all, vms: [...all.vms, { ...removed, drives: [] }] }));
    }
  });
});

describe("what the controller does while a host of a cluster is silent", () => {
  const serve = servedEngines();
  const rig = hypervRig({ hosts: ["hv-1", "hv-2"], cluster: "cluster" });
  let volumes: Volumes;
  before(async () => {
    volumes = await serve(rig.engine);
  });

  const setHost = (member: number, answers: boolean) =>
    rig.simulator.change((state) => ({
      ...state,
      hosts: state.hosts.map((host) => (host.name === "hv-2" ? { ...host, state: member, answers } : host)),
    }));

  it("takes no silence for a stopped VM, and lets go only once the cluster has the VM elsewhere", async () => {
    const [one, two] = rig.vmIds;
    const handle = await volumes.make();
    await volumes.publish(handle, two);
    await rig.simulator.change((state) => withVm(state, two, (vm) => ({ ...vm, host: "hv-2" })));
    expect(await volumes.nodesOf(handle)).to.deep.equal([two]);

    await setHost(UP, false);
    await expectFailure(volumes.publish(handle, one), "UNAVAILABLE", /hv-2 does not answer/);
    await expectFailure(volumes.unpublish(handle, two), "UNAVAILABLE", /hv-2|RPC/);
    await expectFailure(volumes.listed(), "UNAVAILABLE");
    expect((await rig.simulator.vm(one)).drives).to.deep.equal([]);

    await setHost(DOWN, false);
    await rig.simulator.change((state) => withVm(state, two, (vm) => ({ ...vm, host: "hv-1" })));
    await expectFailure(volumes.publish(handle, one), "FAILED_PRECONDITION", new RegExp(two));
    await volumes.unpublish(handle, two);
    await volumes.publish(handle, one);
    expect(await volumes.nodesOf(handle)).to.deep.equal([one]);
    await volumes.unpublish(handle, one);
  });
});
