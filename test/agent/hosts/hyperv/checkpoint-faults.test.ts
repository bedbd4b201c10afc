import { randomBytes, randomUUID } from "node:crypto";
import { readdir } from "node:fs/promises";
import { expect } from "chai";
import type { Volume } from "../../../../src/agent/engine/model.ts";
import { MiB } from "../../../../src/kit/sizes.ts";
import { loopOf } from "../../../hyperv-sim/guest.ts";
import type { Fault } from "../../../hyperv-sim/model.ts";
import { readBytes, writeBytes } from "../../../support/device-bytes.ts";
import { readDisk } from "../../../support/disk-content.ts";
import { exactly, newVolume } from "../../../support/engine-rig.ts";
import { type HypervRig, hypervRig } from "../../../support/hyperv-rig.ts";
import { context } from "../../../support/local-rig.ts";
import { refused } from "../../../support/refused.ts";
import { until } from "../../../support/until.ts";

const SIZE = 8n * MiB;
/** The resource is in use, as a host in another language says it. */
const inUse = {
  hresult: 0x800700aa,
  fullyQualifiedErrorId: "OperationFailed,Microsoft.HyperV.PowerShell.Commands.X",
  category: "ResourceBusy",
  message: "Ressource wird gerade verwendet.",
};
const ops = ["createCheckpoint", "removeCheckpoint"] as const;
const faults = ops.flatMap((op) =>
  (["before", "after"] as const).flatMap((when): Fault[] => [
    { op, kind: "hang", when },
    { op, kind: "crash", when },
    { op, kind: "garbage", when },
  ]),
);

const disksIn = async ({ pool }: HypervRig) =>
  (await readdir(pool, { recursive: true })).filter((name) => name.endsWith("vhdx")).sort();
const snapshotsOf = async ({ engine }: HypervRig, { id }: Volume) =>
  (await engine.listSnapshots(id, { maxEntries: 10, token: undefined }, context())).items;
const answers = async ({ simulator }: HypervRig) =>
  (await simulator.state()).hosts.every((host) => host.answers);
const hostAnswers = ({ simulator }: HypervRig) =>
  simulator.change((state) => ({ ...state, hosts: state.hosts.map((host) => ({ ...host, answers: true })) }));

describe("Hyper-V host: a copy of a disk in use, when things go wrong", () => {
  const rig = hypervRig({
    workers: { deadlineMs: (op) => (op.endsWith("Checkpoint") ? 2500 : 60_000) },
  });
  const vmId = () => rig.vmIds[0];
  const vm = () => rig.simulator.vm(vmId());
  let volume: Volume;
  let written: Buffer;

  const device = async () => loopOf((await vm()).drives[0]?.path ?? "")?.device ?? "";
  const snapshot = () =>
    rig.engine.createSnapshot({ name: randomUUID(), sourceVolumeId: volume.id, labels: {} }, context());

  beforeEach(async () => {
    volume = await rig.engine.createVolume(newVolume(randomUUID(), exactly(SIZE)), context());
    await rig.engine.attach(vmId(), volume.id, false, undefined, context());
    written = randomBytes(4096);
    await writeBytes(await device(), 0, written);
  });
  afterEach(async () => {
    await until(async () => {
      await rig.host.leftovers(true);
      const { checkpoints, drives } = await vm();
      return checkpoints.length === 0 && drives.every(({ path }) => path.endsWith(".vhdx"));
    }, "the merge");
    expect((await rig.simulator.state()).faults, "the fault has happened").to.deep.equal([]);
    expect((await readBytes(await device(), 0, 4096)).equals(written), "what the VM has").to.equal(true);
    await rig.engine.detach(vmId(), volume.id, context());
    expect((await readDisk(volume.path, 0n, 4096)).equals(written), "what the disk has").to.equal(true);
    await rig.engine.deleteVolume(volume.id, context());
  });

  for (const fault of faults) {
    const { op, kind } = fault;
    const when = "when" in fault ? fault.when : "";
    it(`ends with a copy or a reason, and the next try with a copy: ${kind} ${when} ${op}`, async () => {
      await rig.simulator.fault(fault);
      const first = await snapshot().catch((error: unknown) => error as { code: string });
      if ("code" in first) expect(first.code).to.be.oneOf(["ABORTED", "UNAVAILABLE"]);
      const { path } = "code" in first ? await snapshot() : first;
      expect((await readDisk(path, 0n, 4096)).equals(written)).to.equal(true);
    });
  }

  it("tells what Hyper-V refused, whatever the language, and leaves nothing", async () => {
    await rig.simulator.fault({ op: "createCheckpoint", kind: "error", when: "before", error: inUse });
    await refused(snapshot(), "FAILED_PRECONDITION", "0x800700aa");
    expect((await vm()).checkpoints).to.deep.equal([]);
  });

  it("claims no copy whose checkpoint did not last", async () => {
    const before = await disksIn(rig);
    await rig.simulator.fault({ op: "listVms", kind: "checkpoint-lost", vmId: vmId(), how: "removed" });
    await refused(snapshot(), "ABORTED", "removed by somebody else");
    await until(async () => {
      await rig.host.leftovers(true);
      return (await disksIn(rig)).join() === before.join();
    }, "the end of the checkpoint, and no copy");
    expect(await snapshotsOf(rig, volume)).to.deep.equal([]);
    expect((await readDisk((await snapshot()).path, 0n, 4096)).equals(written)).to.equal(true);
  });

  it("keeps a copy of which a host that was silent for a moment says later that its checkpoint has lasted", async () => {
    const looks = async () => (await rig.simulator.state()).calls.listVms ?? 0;
    await rig.simulator.fault({ op: "listVms", kind: "checkpoint-lost", vmId: vmId(), how: "silent" });
    const copying = snapshot();
    try {
      await until(async () => !(await answers(rig)), "the host's silence");
      const before = await looks();
      await until(async () => (await looks()) > before, "a look that fails");
    } finally {
      await hostAnswers(rig);
    }
    expect((await readDisk((await copying).path, 0n, 4096)).equals(written)).to.equal(true);
  });

  for (const op of ["createCheckpoint", "removeCheckpoint", "resize", "detach"] as const) {
    it(`waits for a slow ${op}`, async () => {
      await rig.simulator.fault({ op, kind: "slow", ms: 700 });
      if (op === "resize") await rig.engine.expandVolume(volume.id, exactly(2n * SIZE), context());
      else if (op === "detach") {
        await rig.engine.detach(vmId(), volume.id, context());
        await rig.engine.attach(vmId(), volume.id, false, undefined, context());
      } else await snapshot();
      await until(async () => (await rig.simulator.state()).faults.length === 0, `the ${op}`);
    });
  }

  it("does not grow a disk that somebody else has open, and grows it once that is over", async () => {
    const lock = (locked: string[]) => rig.simulator.change((state) => ({ ...state, locked }));
    const grow = () => rig.engine.expandVolume(volume.id, exactly(2n * SIZE), context());
    await lock([volume.path]);
    await refused(grow(), "FAILED_PRECONDITION", "0x80070020");
    await lock([]);
    expect((await grow()).size).to.equal(2n * SIZE);
  });
});

describe("Hyper-V host: a copy of a disk in use, when its host falls silent for good", () => {
  const rig = hypervRig({ longestMergeMs: 300 });

  it("is not claimed, and leaves no file", async () => {
    const [vmId] = rig.vmIds;
    const volume = await rig.engine.createVolume(newVolume(randomUUID(), exactly(SIZE)), context());
    await rig.engine.attach(vmId, volume.id, false, undefined, context());
    const snapshot = () =>
      rig.engine.createSnapshot({ name: randomUUID(), sourceVolumeId: volume.id, labels: {} }, context());
    const before = await disksIn(rig);
    await rig.simulator.fault({ op: "listVms", kind: "checkpoint-lost", vmId, how: "silent" });
    try {
      await refused(snapshot(), "UNAVAILABLE", "hv-1");
    } finally {
      await hostAnswers(rig);
    }
    await until(async () => {
      await rig.host.leftovers(true);
      return (await disksIn(rig)).join() === before.join();
    }, "the end of the checkpoint, and no copy");
    expect(await snapshotsOf(rig, volume)).to.deep.equal([]);
    expect((await snapshot()).size).to.equal(SIZE);
    await until(async () => {
      await rig.host.leftovers(true);
      const { checkpoints, drives } = await rig.simulator.vm(vmId);
      return checkpoints.length === 0 && drives.every(({ path }) => path.endsWith(".vhdx"));
    }, "the merge");
    await rig.engine.detach(vmId, volume.id, context());
  });
});
