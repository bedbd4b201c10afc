import { expect } from "chai";
import { refused } from "../../support/refused.ts";
import type { AttachedVolume } from "../../support/node-rig.ts";
import { windowsRig } from "../../support/windows-rig.ts";
import { HRESULT, StorageRefusal } from "../../windows-sim/refusals.ts";

describe("drive letters of volumes on a Windows node", () => {
  const rig = windowsRig();
  afterEach(() => rig.get.windows.change((state) => ({ ...state, faults: [] })));

  const single = { mode: "SINGLE_NODE_SINGLE_WRITER" } as const;
  const { answer: inUse } = new StorageRefusal(HRESULT.inUse);

  /** A volume with NTFS, let go, that Windows would give a letter: it was made elsewhere. */
  async function adopted(): Promise<AttachedVolume> {
    const { node, windows } = rig.get;
    const volume = await node.volume();
    await node.stage(volume);
    await node.unstage(volume);
    await windows.unmarkPartitions(volume.id);
    return volume;
  }

  const partitionsOf = async ({ id }: AttachedVolume) => {
    const { number } = await rig.get.windows.disk(id);
    const { partitions } = await rig.get.workers.ask("survey", {});
    return partitions.filter(({ diskNumber }) => diskNumber === number);
  };
  const pathsOf = async (volume: AttachedVolume) =>
    (await partitionsOf(volume)).flatMap(({ accessPaths }) => accessPaths);

  async function leaves(volume: AttachedVolume): Promise<void> {
    const { node, windows } = rig.get;
    for (let again = 0; again < 2; again++) await node.unstage(volume);
    expect(await windows.disk(volume.id)).to.include({ isOffline: true });
    await node.detach(volume);
  }

  it("are not left by a partition whose making was cut off before it was marked", async () => {
    const { node, windows } = rig.get;
    const volume = await node.volume();
    await windows.fault({ op: "createPartition", kind: "crash", when: "after" });
    await refused(node.stage(volume), "UNAVAILABLE", "createPartition");
    await windows.unmarkPartitions(volume.id);
    // As the VM starts anew.
    await windows.mark(volume.id, { isOffline: true });
    await node.stage(volume, single);
    expect(await pathsOf(volume)).not.to.include("E:\\");
    await node.publish(volume, single);
    await node.unpublish(volume);
    await leaves(volume);
  });

  it("are not left by one that was made elsewhere, which gets none from then on", async () => {
    const { node } = rig.get;
    const volume = await adopted();
    await node.stage(volume, single);
    await node.publish(volume, single);
    await node.unpublish(volume);
    expect((await partitionsOf(volume)).at(-1)).to.include({ noDefaultDriveLetter: true });
    await leaves(volume);
  });

  it("are not left by one that is read-only and can't be marked", async () => {
    const { node, windows } = rig.get;
    const volume = await adopted();
    for (let again = 0; again < 2; again++) {
      await windows.fault({ op: "removeAccessPath", kind: "error", when: "after", error: inUse });
      await node.stage(volume, { flags: ["ro"] });
      expect(await pathsOf(volume)).not.to.include("E:\\");
      await node.unstage(volume);
    }
    await leaves(volume);
  });

  it("are not left when nobody knows whether the disk came online, and something holds them for a moment", async () => {
    const { node, windows } = rig.get;
    const volume = await adopted();
    await windows.fault({ op: "setOnline", kind: "crash", when: "after" });
    await windows.fault({ op: "removeAccessPath", kind: "error", when: "before", error: inUse });
    await refused(node.stage(volume), "UNAVAILABLE", "setOnline");
    await node.stage(volume);
    await leaves(volume);
  });

  it("stay where somebody gave them: what to do is said, and then the volume goes", async () => {
    const { node, windows } = rig.get;
    const volume = await node.volume();
    await node.stage(volume, single);
    await windows.letter(volume.id, "X:\\");
    const command = "Remove-PartitionAccessPath -DiskNumber";
    await refused(node.publish(volume, single), "FAILED_PRECONDITION", command);
    for (let again = 0; again < 2; again++)
      await refused(node.unstage(volume), "FAILED_PRECONDITION", command);
    // Windows remembers it when the VM starts anew.
    await windows.mark(volume.id, { isOffline: true });
    await node.stage(volume);
    expect(await pathsOf(volume)).to.include("X:\\");
    await refused(node.unstage(volume), "FAILED_PRECONDITION", "-AccessPath 'X:\\'");
    await windows.letter(volume.id, undefined);
    await leaves(volume);
  });

  it("stay where they were before the disk was staged, marked or not", async () => {
    const { node, windows, workers } = rig.get;
    const volume = await adopted();
    const { number, uniqueId } = await windows.disk(volume.id);
    await workers.change("setOnline", { disk: { number, uniqueId } });
    await windows.letter(volume.id, "X:\\");
    for (const flags of [["ro"], []]) {
      await node.stage(volume, { flags });
      expect(await pathsOf(volume)).to.include("X:\\");
      await refused(node.unstage(volume), "FAILED_PRECONDITION", "X:\\");
    }
    await windows.letter(volume.id, undefined);
    await leaves(volume);
  });
});
