import { randomUUID } from "node:crypto";
import { basename } from "node:path";
import { expect } from "chai";
import type { Operation } from "../../../../src/agent/hosts/hyperv/protocol.ts";
import { openHost } from "../../../../src/agent/hosts/open-host.ts";
import { silentLog } from "../../../../src/kit/log.ts";
import { createMetrics } from "../../../../src/kit/metrics.ts";
import { MiB } from "../../../../src/kit/sizes.ts";
import { moveDisk } from "../../../hyperv-sim/held-files.ts";
import {
  DOWN,
  JOINING,
  OFF,
  PAUSED,
  RUNNING,
  type SimDrive,
  type SimHost,
  UP,
  withVm,
} from "../../../hyperv-sim/model.ts";
import { exactly, newVolume } from "../../../support/engine-rig.ts";
import { hypervRig } from "../../../support/hyperv-rig.ts";
import { context } from "../../../support/local-rig.ts";
import { refused } from "../../../support/refused.ts";
import { until } from "../../../support/until.ts";

const SIZE = 8n * MiB;

describe("Hyper-V host: a failover cluster", () => {
  const rig = hypervRig({ hosts: ["hv-1", "hv-2"], cluster: "rack" });
  const vmId = () => rig.vmIds[0];

  async function newDisk() {
    const { id } = await rig.engine.createVolume(newVolume(randomUUID(), exactly(SIZE)), context());
    return id;
  }
  const attach = (id: string, on = vmId()) => rig.engine.attach(on, id, false, undefined, context());
  const detach = (id: string) => rig.engine.detach(vmId(), id, context());
  const holders = async (id: string) =>
    (await rig.simulator.state()).vms.filter(({ drives }) => drives.some(({ path }) => path.includes(id)));
  const hostIs = (name: string, how: Partial<SimHost>) =>
    rig.simulator.change((state) => ({
      ...state,
      hosts: state.hosts.map((host) => (host.name === name ? { ...host, ...how } : host)),
    }));
  const bringBack = () =>
    rig.simulator.change((state) => withVm(state, vmId(), (vm) => ({ ...vm, host: "hv-1" })));

  afterEach(() => hostIs("hv-2", { state: UP, answers: true }));
  afterEach(bringBack);

  it("refuses an agent whose group is not the cluster, when it starts and when the machine joins one later", async () => {
    const open = (group: string) =>
      openHost({ kind: "hyperv", ...rig.settingsFor(group) }, createMetrics(), silentLog());
    const named = (cluster: string | null) => rig.simulator.change((state) => ({ ...state, cluster }));
    await refused(open("hv-1"), "FAILED_PRECONDITION", "set group to rack");
    await named(null);
    const alone = await open("hv-1");
    try {
      expect(await alone.listVms()).to.have.length(2);
      await named("RACK.example.com");
      await alone.close();
      await refused(open("hv-1"), "FAILED_PRECONDITION", "failover cluster RACK");
      await (await open("rack")).close();
    } finally {
      await named("rack");
    }
  });

  it("tells its VMs their group", async () => {
    const told = async () =>
      (await rig.simulator.state()).vms.every(({ items }) => items["hyperv-csi-group"] === "rack");
    await until(told, "the VMs to be told their group");
  });

  for (const op of ["attach", "detach", "resize"] satisfies Operation[]) {
    it(`follows a VM that moves while it is to ${op}`, async () => {
      const id = await newDisk();
      if (op !== "attach") await attach(id);
      await rig.simulator.fault({ op, kind: "migrate", vmId: vmId(), to: "hv-2" });
      if (op === "attach") await attach(id);
      if (op === "detach") await detach(id);
      if (op === "resize") {
        const grown = await rig.engine.expandVolume(id, exactly(SIZE * 2n), context());
        expect(grown.size).to.equal(SIZE * 2n);
      }
      expect((await rig.simulator.vm(vmId())).host).to.equal("hv-2");
      expect(await holders(id)).to.have.length(op === "detach" ? 0 : 1);
      await detach(id);
      expect(await holders(id)).to.deep.equal([]);
    });
  }

  it("finds a VM on another host, and what it has counts on all", async () => {
    await rig.simulator.change((state) => withVm(state, vmId(), (vm) => ({ ...vm, host: "hv-2" })));
    const id = await newDisk();
    await attach(id);
    await refused(attach(id, rig.vmIds[1]), "FAILED_PRECONDITION", vmId());
    expect(await holders(id)).to.have.length(1);
    await detach(id);
  });

  it("tells nothing of a host that is up and silent, and goes on without one that is down", async () => {
    const id = await newDisk();
    await rig.host.listVms();
    await hostIs("hv-2", { answers: false });
    await refused(rig.engine.listVms(context()), "UNAVAILABLE", "hv-2");
    await refused(attach(id), "UNAVAILABLE", "hv-2");
    await refused(detach(id), "UNAVAILABLE", "hv-2");
    expect(await holders(id)).to.deep.equal([]);
    await hostIs("hv-2", { state: DOWN });
    await attach(id);
    await detach(id);
  });

  for (const [what, before, then] of [
    ["falls silent", { answers: true }, { answers: false }],
    ["was down when it was last looked", { state: DOWN }, { state: UP }],
    ["was down, comes up and is silent", { state: DOWN }, { state: UP, answers: false }],
  ] as const) {
    it(`attaches no disk that a VM may have on a member that ${what}`, async () => {
      const id = await newDisk();
      const [one, two] = [rig.vmIds[1], vmId()];
      const { path } = await rig.engine.getVolume(id, context());
      const [controllerId = ""] = (await rig.simulator.vm(one)).controllers;
      const drive = { controllerId, lun: 0, path, readOnly: false, minimumIops: 0, maximumIops: 0 };
      const give = (host: string, drives: readonly SimDrive[]) =>
        rig.simulator.change((all) => withVm(all, one, (vm) => ({ ...vm, host, drives })));
      try {
        await give("hv-2", []);
        await hostIs("hv-2", before);
        await rig.host.listVms();
        // From here on nothing has told the agent of this.
        await give("hv-2", [drive]);
        await hostIs("hv-2", then);
        const [code, why] =
          "answers" in then ? (["UNAVAILABLE", "hv-2"] as const) : (["FAILED_PRECONDITION", one] as const);
        await refused(attach(id, two), code, why);
        expect((await holders(id)).map((vm) => vm.id)).to.deep.equal([one]);
      } finally {
        await give("hv-1", []);
      }
      await hostIs("hv-2", { state: UP, answers: true });
      await attach(id, two);
      await detach(id);
    });
  }

  for (const [what, state] of [
    ["paused", PAUSED],
    ["joining", JOINING],
    ["in a state that nobody knows", -1],
  ] as const) {
    it(`asks a member that is ${what}: it may have VMs, and its silence hides them`, async () => {
      const id = await newDisk();
      await attach(id);
      await rig.simulator.change((before) => withVm(before, vmId(), (vm) => ({ ...vm, host: "hv-2" })));
      await hostIs("hv-2", { state });
      expect((await rig.host.listVms()).map((vm) => vm.id)).to.include(vmId());
      expect((await rig.host.listAttachments()).map(({ volumeId }) => volumeId)).to.include(id);
      await refused(attach(id, rig.vmIds[1]), "FAILED_PRECONDITION", vmId());
      await hostIs("hv-2", { answers: false });
      await refused(rig.host.listAttachments(), "UNAVAILABLE", "hv-2");
      await refused(attach(id, rig.vmIds[1]), "UNAVAILABLE", "hv-2");
      await refused(detach(id), "UNAVAILABLE", /hv-2|RPC/);
      await hostIs("hv-2", { answers: true });
      await detach(id);
      expect(await holders(id)).to.deep.equal([]);
    });
  }

  it("proves a VM off by the host that has it, while its cluster counts that in", async () => {
    const state = async () => (await rig.host.getVm(vmId()))?.state;
    const put = (power: number, host = "hv-1") =>
      rig.simulator.change((before) => withVm(before, vmId(), (vm) => ({ ...vm, state: power, host })));
    await put(OFF);
    expect(await state()).to.equal("off");
    // The cluster has given the host up that says so: the VM may run elsewhere by now.
    await put(OFF, "hv-2");
    expect(await state()).to.equal("off");
    await hostIs("hv-2", { answers: false });
    await refused(rig.engine.getVm(vmId(), context()), "UNAVAILABLE", "hv-2");
    await hostIs("hv-2", { state: DOWN });
    expect(await state(), "a VM that no host tells of is no VM that is off").to.equal(undefined);
    await hostIs("hv-2", { state: UP, answers: true });
    await put(RUNNING);
  });

  it("does not take the disk of a VM that was started after it was seen off", async () => {
    const id = await newDisk();
    await attach(id);
    const put = (power: number) =>
      rig.simulator.change((before) => withVm(before, vmId(), (vm) => ({ ...vm, state: power })));
    await put(OFF);
    await rig.host.listVms();
    await put(RUNNING);
    await refused(rig.engine.detach(vmId(), id, context(), true), "FAILED_PRECONDITION", vmId());
    expect(await holders(id)).to.have.length(1);
    await detach(id);
  });

  it("reports a disk that storage migration moved, and never calls it detached", async () => {
    const id = await newDisk();
    await attach(id);
    const { path } = await rig.engine.getVolume(id, context());
    const moved = rig.path(basename(path));
    const move = async (from: string, to: string) => {
      await moveDisk(from, to);
      await rig.simulator.change((state) =>
        withVm(state, vmId(), (vm) => ({
          ...vm,
          drives: vm.drives.map((drive) => ({ ...drive, path: to })),
        })),
      );
    };
    await move(path, moved);
    expect((await rig.host.attachmentsOf(id))[0]?.vmId).to.equal(vmId());
    const problems = await rig.engine.volumeHealth(id, context());
    expect(problems.map(({ message }) => message).join()).to.include("storage migration");
    await refused(rig.engine.deleteVolume(id, context()), "FAILED_PRECONDITION", /./);
    await move(moved, path);
    expect(await rig.engine.volumeHealth(id, context())).to.deep.equal([]);
    await detach(id);
  });
});
