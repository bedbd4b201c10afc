import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { MiB } from "../../src/kit/sizes.ts";
import type { DiskRef, PartitionRef } from "../../src/node/windows/protocol.ts";
import { COLLISION } from "../windows-sim/model.ts";
import { volumePath as volumePathOf } from "../windows-sim/seen.ts";
import { HRESULT, StorageRefusal } from "../windows-sim/refusals.ts";
import { refused } from "../support/refused.ts";
import type { AttachedVolume } from "../support/node-rig.ts";
import { windowsRig, type WorkerOver } from "../support/windows-rig.ts";

/** What a shell, PowerShell or a query could make something of. */
const ODD = `it's "odd" \`n $(exit 3) \${x} @{a=1}; & | <b> %PATH% \u2018\u2019\u201c\u201d ünï 日本 😀`;

const MOUNT_POINT = /^\\\\\?\\Volume\{[0-9a-f-]{36}\}\\$/i;

/**
 * What a worker of a Windows node does at each operation, over the simulated Windows. Every answer is checked against its
 * schema by what asks it.
 * @param recorded methods that were called since the last time, with what they were given, where they are told
 */
export function nodeWorkerSuite(
  workerOver?: WorkerOver,
  recorded?: (directory: string) => Promise<{ readonly method: string; readonly arguments: object }[]>,
): void {
  const rig = windowsRig(workerOver);
  const survey = () => rig.get.workers.ask("survey", {});
  afterEach(() => rig.get.windows.change((state) => ({ ...state, faults: [] })));

  async function seen(volume: AttachedVolume) {
    const { number } = await rig.get.windows.disk(volume.id);
    const disk = (await survey()).disks.find((each) => each.number === number);
    if (disk === undefined) throw new Error(`the survey has no disk ${number}`);
    const ref: DiskRef = { number, uniqueId: disk.uniqueId };
    return { disk, ref };
  }

  /** A disk that is online and writable, with a partition. */
  async function prepared(): Promise<{ readonly ref: DiskRef; readonly partition: PartitionRef }> {
    const { workers, node } = rig.get;
    const { ref } = await seen(await node.volume());
    await workers.change("setReadOnly", { disk: ref, readOnly: false });
    await workers.change("setOnline", { disk: ref });
    await workers.change("initialise", { disk: ref });
    const { partitionNumber, offset } = await workers.change("createPartition", { disk: ref });
    return { ref, partition: { disk: ref, partitionNumber, offset } };
  }

  const ntfs = { fileSystem: "NTFS", label: "csi-test", allocationUnit: null } as const;

  it("tells what it is", async () => {
    const hello = await rig.get.workers.ask("hello", {});
    expect(hello).to.include({ protocol: 2, mayManageDisks: true });
    for (const text of ["powershell", "windows", "computer", "user"] as const) {
      expect(hello[text], text).not.to.equal("");
    }
  });

  it("reads the texts that Hyper-V wrote into the registry, and nothing of a key that is not there", async () => {
    const { workers, windows } = rig.get;
    const { parameters } = await windows.state();
    const items = await workers.ask("guestItems", {});
    expect(Object.fromEntries(items.parameters.map(({ name, value }) => [name, value]))).to.deep.equal(
      parameters,
    );
    expect(items.external).to.deep.equal([]);
    const external = { one: ODD };
    await windows.change((state) => ({ ...state, external }));
    expect((await workers.ask("guestItems", {})).external).to.deep.equal([{ name: "one", value: ODD }]);
  });

  it("tells all of a disk, of its controller and of what else hangs there", async () => {
    const { node, windows } = rig.get;
    const volume = await node.volume();
    const { disk } = await seen(volume);
    const { controllerId, lun, uniqueId } = await windows.disk(volume.id);
    expect(disk).to.include({
      lun,
      uniqueId,
      uniqueIdFormat: 3,
      size: String(64n * MiB),
      logicalSectorSize: 512,
    });
    expect(disk).to.include({ isOffline: true, offlineReason: 1, isReadOnly: true, partitionStyle: 0 });
    expect(disk).to.include({ isSystem: false, isClustered: false, healthStatus: 0 });
    expect(disk.operationalStatus).to.deep.equal([53_267]);
    expect(disk.parentDevice?.toLowerCase()).to.contain(`{${controllerId}}`);
    const { controllers, otherDrives, disks, partitions } = await survey();
    expect(controllers).to.have.lengthOf(2);
    expect(controllers).to.include(disk.parentDevice?.toUpperCase());
    expect(otherDrives.map((each) => each?.toUpperCase())).to.deep.equal([
      (await firstController()).toUpperCase(),
    ]);
    const own = disks.find(({ isSystem }) => isSystem);
    expect(own).to.deep.include({ number: 0, parentDevice: null, offlineReason: null });
    const [ofOwn] = partitions.filter(({ diskNumber }) => diskNumber === own?.number);
    expect(ofOwn?.accessPaths).to.include("C:\\");
    expect(ofOwn?.gptType).to.equal("ebd0a0a2-b9e5-4433-87c0-68b6b72699c7");
  });

  async function firstController(): Promise<string> {
    const [id = ""] = (await rig.get.windows.state()).controllers;
    return (await survey()).controllers.find((device) => device.toLowerCase().includes(id)) ?? "";
  }

  it("leads a disk through its life", async () => {
    const { workers, node, windows } = rig.get;
    const volume = await node.volume();
    const { ref } = await seen(volume);
    const state = async () => {
      const { isOffline, isReadOnly, partitionStyle, offlineReason } = (await seen(volume)).disk;
      return { isOffline, isReadOnly, partitionStyle, offlineReason };
    };
    await workers.change("setReadOnly", { disk: ref, readOnly: false });
    for (let again = 0; again < 2; again++) await workers.change("setOnline", { disk: ref });
    expect(await state()).to.deep.equal({
      isOffline: false,
      isReadOnly: false,
      partitionStyle: 0,
      offlineReason: null,
    });
    await workers.change("initialise", { disk: ref });
    expect(await state()).to.include({ partitionStyle: 2 });
    const made = await workers.change("createPartition", { disk: ref });
    const mine = async () =>
      (await survey()).partitions.filter(
        ({ diskNumber, partitionNumber }) => diskNumber === ref.number && partitionNumber > 1,
      );
    expect(await mine()).to.deep.equal([made]);
    expect(made.noDefaultDriveLetter).to.equal(true);
    const partition = { disk: ref, partitionNumber: made.partitionNumber, offset: made.offset };
    const volumePath = made.accessPaths.find((path) => MOUNT_POINT.test(path)) ?? "";
    expect((await workers.ask("volume", { path: volumePath })).fileSystem).to.equal("RAW");
    const formatted = await workers.change("format", {
      partition,
      ...ntfs,
      fileSystem: "ReFS",
      allocationUnit: 65_536,
    });
    expect(formatted).to.include({
      path: volumePath,
      fileSystem: "ReFS",
      label: "csi-test",
      allocationUnit: 65_536,
    });
    expect(await workers.ask("volume", { path: volumePath })).to.deep.equal(formatted);
    expect(formatted).to.include({ size: made.size, sizeRemaining: made.size, healthStatus: 0 });

    const path = node.local.path(`shown ${ref.number}`);
    await mkdir(path);
    expect(await workers.ask("mountPoint", { path })).to.deep.equal({ target: null });
    await workers.change("addAccessPath", { partition, path });
    expect(await workers.ask("mountPoint", { path })).to.deep.equal({ target: volumePath });
    const accessPath = (await mine())[0]?.accessPaths.find((each) => each.startsWith(path)) ?? "";
    await workers.change("flush", { path: volumePath });
    await workers.change("removeAccessPath", { partition, path: accessPath });
    expect((await mine())[0]?.accessPaths).to.deep.equal([volumePath]);

    await node.grow(volume, 128n * MiB);
    expect((await seen(volume)).disk.size).to.equal(String(64n * MiB));
    await workers.change("rescan", {});
    expect((await seen(volume)).disk.size).to.equal(String(128n * MiB));
    const { minimum, maximum } = await workers.ask("supportedSize", { partition });
    expect([minimum, maximum]).to.deep.equal([made.size, String(BigInt(made.size) + 64n * MiB)]);
    const grown = await workers.change("resize", { partition, size: maximum });
    expect(grown).to.deep.equal({ ...made, size: maximum });

    await workers.change("addAccessPath", { partition, path });
    for (let again = 0; again < 2; again++) await workers.change("setOffline", { disk: ref });
    expect(await state()).to.include({ isOffline: true, offlineReason: 1 });
    await windows.pull(volume.id);
    expect(await workers.ask("mountPoint", { path })).to.deep.equal({ target: volumePath });
    await refused(
      workers.change("removeMountPoint", { path, target: volumePathOf(randomUUID()) }),
      "ABORTED",
      "HypervCsi.DiskChanged",
    );
    await workers.change("removeMountPoint", { path, target: volumePath });
    expect(await workers.ask("mountPoint", { path })).to.deep.equal({ target: null });
  });

  it("reads the disk's own bytes, and tells why it can't", async () => {
    const { workers, windows } = rig.get;
    const { ref } = await prepared();
    const { data } = await workers.ask("read", { disk: ref, offset: "512", length: 512 });
    const bytes = Buffer.from(data, "base64");
    expect(bytes).to.have.lengthOf(512);
    expect(bytes.toString("latin1", 0, 8)).to.equal("EFI PART");
    const all = await workers.ask("read", { disk: ref, offset: "0", length: Number(MiB) });
    expect(Buffer.from(all.data, "base64").subarray(512, 1024).equals(bytes)).to.equal(true);
    const { answer: error } = new StorageRefusal(HRESULT.noDevice);
    await windows.fault(...[1, 2].map(() => ({ op: "read", kind: "error", when: "before", error }) as const));
    await refused(workers.ask("read", { disk: ref, offset: "0", length: 512 }), "UNAVAILABLE", "0x8007048f");
  });

  it("touches nothing but the disk, the partition and the volume that are named", async () => {
    const { workers } = rig.get;
    const { ref, partition } = await prepared();
    const changed = "HypervCsi.DiskChanged";
    const other = { ...ref, uniqueId: ref.uniqueId.replace(/.$/, (last) => (last === "0" ? "1" : "0")) };
    const lower = { ...ref, uniqueId: ref.uniqueId.toLowerCase() };
    for (const disk of [other, lower, { ...ref, number: ref.number + 100 }]) {
      for (const op of ["setOnline", "setOffline", "initialise", "createPartition"] as const) {
        await refused(workers.change(op, { disk }), "ABORTED", changed);
      }
      await refused(workers.change("setReadOnly", { disk, readOnly: true }), "ABORTED", changed);
      await refused(
        workers.change("format", { partition: { ...partition, disk }, ...ntfs }),
        "ABORTED",
        changed,
      );
    }
    const elsewhere = { ...partition, offset: String(BigInt(partition.offset) + MiB) };
    await refused(workers.change("format", { partition: elsewhere, ...ntfs }), "ABORTED", changed);
    await refused(workers.change("resize", { partition: elsewhere, size: "1" }), "ABORTED", changed);
  });

  it("writes over nothing", async () => {
    const { workers } = rig.get;
    const { ref, partition } = await prepared();
    await refused(workers.change("initialise", { disk: ref }), "FAILED_PRECONDITION", "HypervCsi.NotBlank");
    await workers.change("format", { partition, ...ntfs });
    await refused(
      workers.change("format", { partition, ...ntfs }),
      "FAILED_PRECONDITION",
      "HypervCsi.NotBlank",
    );
  });

  it("tells errors by their numbers, whatever the language: access denied, a method's own, one that nobody knows", async () => {
    const { workers, windows, node } = rig.get;
    const volume = await node.volume();
    const { ref } = await seen(volume);
    const german = "konnte nicht abgeschlossen werden";
    for (const [hresult, id, code, told] of [
      [HRESULT.accessDenied, undefined, "PERMISSION_DENIED", "0x80070005"],
      [HRESULT.inUse, undefined, "FAILED_PRECONDITION", "0x800700aa"],
      [0x8007beef, undefined, "INTERNAL", "0x8007beef"],
    ] as const) {
      const { answer: error } = new StorageRefusal(hresult, id);
      await windows.fault({ op: "setOnline", kind: "error", when: "before", error });
      await refused(workers.change("setOnline", { disk: ref }), code, told);
      await windows.fault({ op: "setOnline", kind: "error", when: "before", error });
      await refused(workers.change("setOnline", { disk: ref }), code, german);
    }
    for (const [number, code] of [
      [40_001, "PERMISSION_DENIED"],
      [41_003, "UNAVAILABLE"],
      [COLLISION, "INTERNAL"],
    ] as const) {
      const { answer: error } = new StorageRefusal(HRESULT.own, `StorageWMI ${number},Simulated`);
      await windows.fault({ op: "setOnline", kind: "error", when: "before", error });
      await refused(workers.change("setOnline", { disk: ref }), code, `StorageWMI ${number}`);
    }
    expect((await seen(volume)).disk.isOffline).to.equal(true);
  });

  it("answers an operation that there is not, and goes on", async () => {
    const { workers } = rig.get;
    await refused(workers.ask("survey2" as "survey", {}), "UNIMPLEMENTED", "HypervCsi.UnknownOperation");
    await survey();
  });

  it("takes every text as it is", async () => {
    const { workers, node, windows } = rig.get;
    await recorded?.(windows.directory);
    const { partition } = await prepared();
    const label = `${ODD}\n\t\r\\`;
    const formatted = await workers.change("format", { partition, ...ntfs, label, allocationUnit: 4096 });
    expect(formatted.label).to.equal(label);
    const path = node.local.path(ODD);
    await mkdir(path);
    await workers.change("addAccessPath", { partition, path });
    const { target } = await workers.ask("mountPoint", { path });
    expect(target).to.match(MOUNT_POINT);
    await workers.change("removeAccessPath", { partition, path: join(path, "/") });
    expect(await workers.ask("mountPoint", { path })).to.deep.equal({ target: null });
    if (recorded === undefined) return;
    const calls = await recorded(windows.directory);
    const given = (method: string) => calls.filter((call) => call.method === method).at(-1)?.arguments;
    expect(given("MSFT_Volume.Format")).to.deep.equal({
      ...{ FileSystem: "NTFS", FileSystemLabel: label, AllocationUnitSize: 4096, Full: false },
    });
    expect(given("MSFT_Partition.AddAccessPath")).to.deep.equal({ AccessPath: path });
    expect(given("MSFT_Partition.RemoveAccessPath")).to.deep.equal({ AccessPath: join(path, "/") });
    expect(given("MSFT_Disk.CreatePartition")).to.deep.equal({
      ...{ UseMaximumSize: true, AssignDriveLetter: false },
      GptType: "{ebd0a0a2-b9e5-4433-87c0-68b6b72699c7}",
    });
    expect(given("MSFT_Partition.SetAttributes")).to.deep.equal({ NoDefaultDriveLetter: true });
    expect(given("MSFT_Disk.Initialize")).to.deep.equal({ PartitionStyle: 2 });
  });
}
