import { randomUUID } from "node:crypto";
import { expect } from "chai";
import type { Frozen } from "../../../../src/agent/hosts/hyperv/checkpoints.ts";
import { isInOn } from "../../../../src/agent/hosts/hyperv/disk-paths.ts";
import { requireStillFrozen } from "../../../../src/agent/hosts/hyperv/still-frozen.ts";
import { Strangers } from "../../../../src/agent/hosts/hyperv/strangers.ts";
import { Survey } from "../../../../src/agent/hosts/hyperv/survey.ts";
import { acceptWorker } from "../../../../src/agent/hosts/hyperv/worker/accept.ts";
import { hypervWorkers } from "../../../../src/agent/hosts/hyperv/worker/hyperv-workers.ts";
import { silentLog } from "../../../../src/kit/log.ts";
import { MiB } from "../../../../src/kit/sizes.ts";
import { checkpoint, merge, uncheckpoint } from "../../../hyperv-sim/chains.ts";
import { JOINING, type SimHost, type SimState, type SimVm, UP, withVm } from "../../../hyperv-sim/model.ts";
import { exactly, newVolume } from "../../../support/engine-rig.ts";
import { hypervRig } from "../../../support/hyperv-rig.ts";
import { context } from "../../../support/local-rig.ts";
import { refused } from "../../../support/refused.ts";
import { until } from "../../../support/until.ts";

describe("Hyper-V host: whether a checkpoint has held a disk", () => {
  const rig = hypervRig({ hosts: ["hv-1", "hv-2"], cluster: "rack" });
  const vmId = () => rig.vmIds[0];
  const changeVm = (change: (vm: SimVm) => Partial<SimVm>) =>
    rig.simulator.change((all) => withVm(all, vmId(), (vm) => ({ ...vm, ...change(vm) })));
  let survey: Survey;
  let close: () => Promise<void>;
  let volumeId: string;
  let frozen: Frozen;
  let during: SimState;

  before(() => {
    const workers = hypervWorkers(
      rig.settingsFor("rack").workers,
      silentLog(),
      () => undefined,
      acceptWorker("rack"),
    );
    survey = new Survey(workers, isInOn(), new Strangers(), () => undefined);
    survey.openPool(rig.pool);
    close = () => workers.close();
  });
  after(() => close());

  beforeEach(async () => {
    const size = exactly(8n * MiB);
    volumeId = (await rig.engine.createVolume(newVolume(randomUUID(), size), context())).id;
    await rig.engine.attach(vmId(), volumeId, false, undefined, context());
    during = await rig.simulator.change((state) => checkpoint(state, vmId(), "ours"));
    const seen = await survey.look(true);
    const [made] = seen.vms.get(vmId())?.checkpoints ?? [];
    if (made === undefined) throw new Error("the simulator made no checkpoint");
    frozen = { vmId: vmId(), checkpoint: made, seen };
  });
  afterEach(async () => {
    await rig.simulator.change(({ calls }) => ({ ...during, calls }));
    await changeVm(() => ({ checkpoints: [] }));
    await rig.simulator.change((state) => merge(state, vmId()));
    await rig.engine.detach(vmId(), volumeId, context());
  });

  /** Looks as long as a test may take, or as long as is said. */
  const look = (longestMergeMs = 60_000, signal = new AbortController().signal) =>
    requireStillFrozen({ survey, log: silentLog(), longestMergeMs }, frozen, [volumeId], signal);
  const changeHost = (name: string, change: Partial<SimHost>) =>
    rig.simulator.change((state) => ({
      ...state,
      hosts: state.hosts.map((host) => (host.name === name ? { ...host, ...change } : host)),
    }));
  const takeVmAway = () =>
    rig.simulator.change((state) => ({ ...state, vms: state.vms.filter(({ id }) => id !== vmId()) }));
  const looks = async () => (await rig.simulator.state()).calls.listVms ?? 0;
  /** Waits until that many more looks were made than there were. */
  const looked = async (before: number, more: number) => {
    await until(async () => (await looks()) >= before + more, "looks");
  };
  const changeParents = (change: (base: string) => string | undefined) =>
    rig.simulator.change((state) => ({
      ...state,
      parents: Object.fromEntries(
        Object.entries(during.parents).flatMap(([path, base]) => {
          const parent = change(base);
          return parent === undefined ? [] : [[path, parent]];
        }),
      ),
    }));

  it("holds while nothing changes, and on another host, too", async () => {
    await look();
    await changeVm(() => ({ host: "hv-2" }));
    await look();
  });

  it("does not once it is removed, though its disks are not merged yet", async () => {
    await rig.simulator.change((state) => uncheckpoint(state, vmId(), frozen.checkpoint.id, 100));
    expect((await rig.simulator.vm(vmId())).drives[0]?.path).to.match(/\.avhdx$/);
    await refused(look(), "ABORTED", "removed by somebody else");
  });

  it("does not when the VM stays away, in the end", async () => {
    await takeVmAway();
    await refused(look(300), "ABORTED", `no host has the VM after disks of VM ${vmId()} were copied`);
  });

  it("holds when a VM that was between two hosts is there again", async () => {
    await takeVmAway();
    const before = await looks();
    const looking = look();
    await looked(before, 2);
    await rig.simulator.change(({ calls }) => ({ ...during, calls }));
    await looking;
  });

  it("holds when another checkpoint was put on top", async () => {
    const { drives } = await rig.simulator.vm(vmId());
    await rig.simulator.change(({ parents, ...state }) => {
      const onTop = (path: string) => `${path.slice(0, -42)}_${randomUUID()}.avhdx`;
      const steps = new Map(drives.map(({ path }) => [path, onTop(path)]));
      const changed = withVm({ parents, ...state }, vmId(), (vm) => ({
        ...vm,
        checkpoints: [...vm.checkpoints, { ...frozen.checkpoint, id: randomUUID(), name: "a backup" }],
        drives: vm.drives.map((drive) => ({ ...drive, path: steps.get(drive.path) ?? "" })),
      }));
      const more = Object.fromEntries([...steps].map(([path, next]) => [next, path]));
      return { ...changed, parents: { ...parents, ...more } };
    });
    const now = (await survey.look(true)).vms.get(vmId());
    expect(now?.checkpoints.map(({ name }) => name)).to.deep.equal(["ours", "a backup"]);
    expect(now?.drives[0]?.path).not.to.equal(drives[0]?.path);
    await look();
  });

  it("does not when the disk is merged to its own file", async () => {
    await changeVm((vm) => ({
      drives: vm.drives.map((drive) => ({ ...drive, path: during.parents[drive.path] ?? "" })),
    }));
    await refused(look(), "ABORTED", `volume ${volumeId} does not go on above the file`);
  });

  it("does not when its chain begins elsewhere, or the disk was taken out", async () => {
    await changeParents((base) => base.replace("/pool/", "/elsewhere/"));
    await refused(look(), "ABORTED", "does not go on above the file");
    await changeParents((base) => base);
    await look();
    await changeVm(() => ({ drives: [] }));
    await refused(look(), "ABORTED", "does not go on above the file");
  });

  it("is not told while its chain can't be read", async () => {
    await changeParents(() => undefined);
    await refused(look(0), "ABORTED", `the chain of volume ${volumeId} can't be read`);
    const before = await looks();
    const looking = look();
    await looked(before, 2);
    await changeParents((base) => base);
    await looking;
  });

  it("is told when a member answers again that was silent while it joined its cluster", async () => {
    await changeHost("hv-2", { answers: false, state: JOINING });
    const before = await looks();
    const looking = look();
    await looked(before, 2);
    await changeHost("hv-2", { answers: true, state: UP });
    await looking;
  });

  it("is told when workers answer again that failed to, even with an error that nobody knows", async () => {
    const unknown = { hresult: -2_146_233_088, fullyQualifiedErrorId: "x", category: "", message: "Zeit." };
    const timeout = { ...unknown, hresult: -2_147_023_436 };
    for (const error of [unknown, timeout]) {
      const fault = { op: "listVms", kind: "error", when: "before", error } as const;
      // One look asks two workers.
      await rig.simulator.fault(fault, fault);
      await look();
      expect((await rig.simulator.state()).faults).to.deep.equal([]);
    }
  });

  it("is not asked again when the host refuses to tell", async () => {
    const denied = { hresult: -2_147_024_891, fullyQualifiedErrorId: "x", category: "", message: "Nein." };
    const fault = { op: "listVms", kind: "error", when: "before", error: denied } as const;
    await rig.simulator.fault(fault, fault);
    await refused(look(), "PERMISSION_DENIED", "Nein.");
  });

  it("is not told while a host is silent that may have the VM, and has an end", async () => {
    await changeHost("hv-2", { answers: false });
    await refused(look(300), "UNAVAILABLE", "hv-2");
  });

  it("is waited for no longer than the copy's signal allows", async () => {
    await changeHost("hv-2", { answers: false });
    const end = new AbortController();
    const before = await looks();
    const looking = refused(look(undefined, end.signal), "UNAVAILABLE", "hv-2");
    await looked(before, 1);
    end.abort();
    await looking;
  });
});
