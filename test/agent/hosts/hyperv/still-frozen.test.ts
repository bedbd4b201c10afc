import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { type Frozen, requireStillFrozen } from "../../../../src/agent/hosts/hyperv/checkpoints.ts";
import { isInOn } from "../../../../src/agent/hosts/hyperv/disk-paths.ts";
import { Strangers } from "../../../../src/agent/hosts/hyperv/strangers.ts";
import { Survey } from "../../../../src/agent/hosts/hyperv/survey.ts";
import { acceptWorker } from "../../../../src/agent/hosts/hyperv/worker/accept.ts";
import { hypervWorkers } from "../../../../src/agent/hosts/hyperv/worker/hyperv-workers.ts";
import { silentLog } from "../../../../src/kit/log.ts";
import { MiB } from "../../../../src/kit/sizes.ts";
import { checkpoint, merge, uncheckpoint } from "../../../hyperv-sim/chains.ts";
import { type SimState, type SimVm, withVm } from "../../../hyperv-sim/model.ts";
import { exactly, newVolume } from "../../../support/engine-rig.ts";
import { hypervRig } from "../../../support/hyperv-rig.ts";
import { context } from "../../../support/local-rig.ts";
import { refused } from "../../../support/refused.ts";

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

  const look = () => requireStillFrozen({ survey }, frozen, [volumeId]);

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

  it("does not when the VM is gone", async () => {
    await rig.simulator.change((state) => ({ ...state, vms: state.vms.filter(({ id }) => id !== vmId()) }));
    await refused(look(), "ABORTED", vmId());
  });

  for (const [what, change] of [
    ["goes on in another file", (path: string) => `${path.slice(0, -42)}_${randomUUID()}.avhdx`],
    ["goes on in its own file", (path: string) => during.parents[path] ?? ""],
  ] as const) {
    it(`does not when the disk ${what}`, async () => {
      await rig.simulator.change((state) => ({
        ...withVm(state, vmId(), (vm) => ({
          ...vm,
          drives: vm.drives.map((drive) => ({ ...drive, path: change(drive.path) })),
        })),
        parents: Object.fromEntries(
          Object.entries(state.parents).flatMap(([path, base]) => [
            [path, base],
            [change(path), base],
          ]),
        ),
      }));
      await refused(look(), "ABORTED", `volume ${volumeId} got another file`);
    });
  }

  it("does not when its chain begins elsewhere, can't be read, or the disk was taken out", async () => {
    const parents = (change: (base: string) => string | undefined) =>
      rig.simulator.change((state) => ({
        ...state,
        parents: Object.fromEntries(
          Object.entries(during.parents).flatMap(([path, base]) => {
            const parent = change(base);
            return parent === undefined ? [] : [[path, parent]];
          }),
        ),
      }));
    await parents((base) => base.replace("/pool/", "/elsewhere/"));
    await refused(look(), "ABORTED", "got another file");
    await parents(() => undefined);
    await refused(look(), "ABORTED", "got another file");
    await parents((base) => base);
    await look();
    await changeVm(() => ({ drives: [] }));
    await refused(look(), "ABORTED", "got another file");
  });

  it("is not told while a host is silent that may have the VM", async () => {
    await rig.simulator.change((state) => ({
      ...state,
      hosts: state.hosts.map((host) => ({ ...host, answers: host.name !== "hv-2" })),
    }));
    await refused(look(), "UNAVAILABLE", "hv-2");
  });
});
