import { randomBytes, randomUUID } from "node:crypto";
import { expect } from "chai";
import type { Volume } from "../../../../src/agent/engine/model.ts";
import { MiB } from "../../../../src/kit/sizes.ts";
import { checkpoint, merge } from "../../../hyperv-sim/chains.ts";
import { loopOf } from "../../../hyperv-sim/guest.ts";
import { withVm } from "../../../hyperv-sim/model.ts";
import { readBytes, writeBytes } from "../../../support/device-bytes.ts";
import { readDisk } from "../../../support/disk-content.ts";
import { exactly, newVolume } from "../../../support/engine-rig.ts";
import { hypervRig } from "../../../support/hyperv-rig.ts";
import { context } from "../../../support/local-rig.ts";
import { refused } from "../../../support/refused.ts";
import { until } from "../../../support/until.ts";

const SIZE = 8n * MiB;

describe("Hyper-V host: checkpoints", () => {
  const rig = hypervRig();
  const vmId = () => rig.vmIds[0];
  const vm = () => rig.simulator.vm(vmId());

  async function attached(on = vmId()): Promise<Volume> {
    const volume = await rig.engine.createVolume(newVolume(randomUUID(), exactly(SIZE)), context());
    await rig.engine.attach(on, volume.id, false, undefined, context());
    return volume;
  }
  const deviceOf = async ({ id }: Volume) => {
    const loop = loopOf((await vm()).drives.find(({ path }) => path.includes(id))?.path ?? "");
    return loop?.device ?? "";
  };
  const snapshot = ({ id }: Volume) =>
    rig.engine.createSnapshot({ name: randomUUID(), sourceVolumeId: id, labels: {} }, context());
  const isMerged = async () => {
    const { checkpoints, drives } = await vm();
    return checkpoints.length === 0 && drives.every(({ path }) => path.endsWith(".vhdx"));
  };
  const foreign = async (name = "backup") => {
    await rig.simulator.change((state) => checkpoint(state, vmId(), name));
  };
  const endForeign = () =>
    rig.simulator.change((state) =>
      merge(
        withVm(state, vmId(), (each) => ({ ...each, checkpoints: [] })),
        vmId(),
      ),
    );
  afterEach(async () => {
    await until(isMerged, "the merge");
    for (const { volumeId, vmId: on } of await rig.host.listAttachments()) {
      await rig.engine.detach(on, volumeId, context());
    }
  });

  it("freeze what is copied: the copy has the content of that moment, the VM goes on, nothing stays", async () => {
    const volume = await attached();
    const [before, after] = [randomBytes(4096), randomBytes(4096)];
    await writeBytes(await deviceOf(volume), 0, before);
    const made = await snapshot(volume);
    await writeBytes(await deviceOf(volume), 0, after);
    await until(isMerged, "the merge");
    expect((await readDisk(made.path, 0n, 4096)).equals(before)).to.equal(true);
    expect((await readBytes(await deviceOf(volume), 0, 4096)).equals(after)).to.equal(true);
    await rig.engine.detach(vmId(), volume.id, context());
    expect((await readDisk(volume.path, 0n, 4096)).equals(after)).to.equal(true);
  });

  it("hold a group of one VM, and none of two", async () => {
    const [one, other] = [await attached(), await attached()];
    const group = await rig.engine.createSnapshotGroup("both", [one.id, other.id], {}, context());
    expect(group.snapshots).to.have.length(2);
    await until(isMerged, "the merge");
    const elsewhere = await attached(rig.vmIds[1]);
    const sources = [one.id, elsewhere.id];
    await refused(
      rig.engine.createSnapshotGroup("apart", sources, {}, context()),
      "FAILED_PRECONDITION",
      "several VMs",
    );
    expect((await vm()).checkpoints).to.deep.equal([]);
  });

  it("make detach and growth wait until a slow merge is over", async () => {
    const volume = await attached();
    await rig.simulator.fault({ op: "removeCheckpoint", kind: "slow-merge", looks: 3 });
    await snapshot(volume);
    expect((await rig.engine.expandVolume(volume.id, exactly(SIZE * 2n), context())).size).to.equal(
      SIZE * 2n,
    );
    expect(await isMerged()).to.equal(true);
    await rig.engine.detach(vmId(), volume.id, context());
  });

  for (const [op, kind, when] of [
    ["createCheckpoint", "crash", "after"],
    ["createCheckpoint", "garbage", "after"],
    ["removeCheckpoint", "crash", "before"],
    ["removeCheckpoint", "crash", "after"],
  ] as const) {
    it(`are taken away again: ${kind} ${when} ${op}`, async () => {
      const volume = await attached();
      await rig.simulator.fault({ op, kind, when });
      const made = await snapshot(volume);
      expect(made.size).to.equal(SIZE);
      await until(isMerged, "the merge");
    });
  }

  it("of others refuse copies, growth and detach, and say why", async () => {
    const volume = await attached();
    await foreign("nightly backup");
    await refused(snapshot(volume), "FAILED_PRECONDITION", "nightly backup");
    await refused(
      rig.engine.expandVolume(volume.id, exactly(SIZE * 2n), context()),
      "FAILED_PRECONDITION",
      "nightly backup",
    );
    await refused(rig.engine.detach(vmId(), volume.id, context()), "FAILED_PRECONDITION", "nightly backup");
    await refused(rig.engine.deleteVolume(volume.id, context()), "FAILED_PRECONDITION", "attached");
    expect((await rig.engine.attachmentsOf(volume.id, context()))[0]?.vmId).to.equal(vmId());
    expect((await vm()).checkpoints.map(({ name }) => name)).to.deep.equal(["nightly backup"]);
    await endForeign();
  });

  it("that an agent left which died are removed, and no others", async () => {
    await attached();
    const left = `hyperv-csi test ${randomUUID()}`;
    await foreign(left);
    expect(await rig.host.leftovers(false)).to.have.length(1);
    const other = await rig.another();
    await until(isMerged, "the merge");
    expect(await other.leftovers(false)).to.deep.equal([]);

    for (const name of [`hyperv-csi other ${randomUUID()}`, "hyperv-csi test", `x${left}`, `${left}x`]) {
      await foreign(name);
      expect(await rig.host.leftovers(true), name).to.deep.equal([]);
      expect((await vm()).checkpoints, name).to.have.length(1);
      await endForeign();
    }
  });

  it("that a VM is reverted to raise an alarm; a chain that can't be read does, too", async () => {
    const volume = await attached();
    const problems = async () =>
      (await rig.engine.volumeHealth(volume.id, context())).map(({ message }) => message).join();
    await foreign();
    expect(await problems()).to.equal("");
    const [path = ""] = (await vm()).drives.map((drive) => drive.path);
    const reverted = path.replace(/_[^_]+$/, `_${randomUUID()}.avhdx`);
    const goOnIn = (to: string, parents: object) =>
      rig.simulator.change((state) => ({
        ...withVm(state, vmId(), (each) => ({
          ...each,
          drives: each.drives.map((drive) => ({ ...drive, path: to })),
        })),
        parents: { ...state.parents, ...parents },
      }));
    await goOnIn(reverted, { [reverted]: volume.path });
    expect(await problems()).to.include("reverted");
    const broken = path.replace(/_[^_]+$/, `_${randomUUID()}.avhdx`);
    await goOnIn(broken, {});
    expect(await problems()).to.include("can't be read");
    await goOnIn(path, {});
    await endForeign();
  });
});
