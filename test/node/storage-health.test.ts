import { randomUUID } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { KeyedLocks } from "../../src/kit/locks.ts";
import { linuxGuest } from "../../src/node/linux/linux-guest.ts";
import { hypervFacts } from "../../src/node/linux/hyperv-facts.ts";
import type { SettledFacts } from "../../src/node/node-facts.ts";
import { thisVm, type Roots } from "../../src/node/linux/this-vm.ts";
import { nodeService } from "../../src/node/node.ts";
import { GuestTree } from "../support/guest-tree.ts";
import { kvpPool } from "../support/kvp-pool.ts";
import { context } from "../support/local-rig.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { CONTROLLERS, generation1, generation2 } from "../support/vmbus-rig.ts";

const VM = "11111111-2222-4333-8444-555555555555";

describe("NodeGetStorageHealth", () => {
  const path = temporaryDirectory();
  let roots: Roots;
  let kubelet = "";

  /** Makes a guest that lacks nothing. */
  async function guest(make: (directory: string) => Promise<{ tree: GuestTree }> = generation2) {
    const directory = path(randomUUID());
    const { tree } = await make(join(directory, "guest"));
    kubelet = join(directory, "kubelet");
    await mkdir(kubelet);
    await mkdir(join(directory, "proc", "self"), { recursive: true });
    roots = { ...tree.roots, proc: join(directory, "proc") };
    await mounts("20 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw");
    await pool(3, { VirtualMachineId: VM });
    await pool(0, { "hyperv-csi-group": "rack-1" });
  }
  const mounts = (...lines: string[]) =>
    writeFile(join(roots.proc, "self", "mountinfo"), lines.map((line) => `${line}\n`).join(""));
  const pool = (number: number, pairs: Record<string, string>) =>
    writeFile(join(roots.hyperv, `.kvp_pool_${number}`), kvpPool(pairs));
  const controller = (index: number) => join(roots.sys, "bus/vmbus/devices", CONTROLLERS[index] ?? "");

  async function problems(settled: Partial<SettledFacts> = {}) {
    const facts: SettledFacts = {
      nodeId: undefined,
      group: undefined,
      maxVolumes: undefined,
      reservedVolumes: 0,
      kubeletDirectory: kubelet,
      ...settled,
    };
    const service = nodeService({
      guest: linuxGuest(thisVm(VM, roots), kubelet),
      locks: new KeyedLocks(),
      facts: hypervFacts(facts, roots),
      names: { driverName: "hyperv.csi.dev", topologyKey: "topology.hyperv.csi.dev/group" },
    });
    const call = { ...context(), deadline: performance.now() + 60_000 };
    return (await service.NodeGetStorageHealth({ secrets: {} }, call)).backend_health ?? [];
  }
  const reasons = async (settled: Partial<SettledFacts> = {}) =>
    (await problems(settled)).map(({ status, reason }) => `${String(status)} ${String(reason)}`);

  beforeEach(() => guest());

  it("finds nothing wrong with a sound guest of Generation 2 or 1, nor with the local host", async () => {
    expect(await problems()).to.deep.equal([]);
    await guest(generation1);
    expect(await problems()).to.deep.equal([]);
    roots = { ...roots, sys: path("no-vmbus"), dev: "/dev" };
    expect(await problems()).to.deep.equal([]);
  });

  it("sees that the VM has no SCSI controller, and says how to add one", async () => {
    await guest(async (directory) => {
      const tree = await new GuestTree(directory).make();
      await tree.onVmbus("00000000-0000-8899-0000-000000000000", "ide", 0);
      return { tree };
    });
    expect(await reasons()).to.deep.equal(["STORAGE_UNREACHABLE NoScsiController"]);
    expect((await problems())[0]?.message).to.include("Add-VMScsiController");
  });

  it("sees SCSI controllers that the kernel's driver does not serve: one, or all", async () => {
    await rm(join(controller(2), "host2"), { recursive: true });
    expect(await reasons()).to.deep.equal(["STORAGE_DEGRADED ScsiControllerWithoutHost"]);
    expect((await problems())[0]?.message).to.include(CONTROLLERS[2]);
    for (const index of [0, 1, 3]) await rm(join(controller(index), `host${index}`), { recursive: true });
    expect(await reasons()).to.deep.equal(["STORAGE_UNREACHABLE ScsiDriverMissing"]);
    expect((await problems())[0]?.message).to.include("hv_storvsc");
  });

  it("sees SCSI hosts in recovery, all in one entry", async () => {
    const state = (host: number, text: string) =>
      writeFile(join(roots.sys, `class/scsi_host/host${host}`, "state"), `${text}\n`);
    await state(1, "recovery");
    await state(3, "cancel/recovery");
    expect(await problems()).to.deep.equal([
      {
        status: "STORAGE_DEGRADED",
        reason: "ScsiHostNotRunning",
        message: "host1 is in the state recovery; host3 is in the state cancel/recovery",
      },
    ]);
  });

  it("sees that a machine without a VMBus gives no loop devices", async () => {
    roots = { ...roots, sys: path("no-vmbus") };
    expect(await reasons()).to.deep.equal(["STORAGE_UNREACHABLE NoLoopDevices"]);
  });

  it("sees that Hyper-V's key-value exchange does not tell who the node is, where no flag does", async () => {
    for (const number of [0, 3]) await rm(join(roots.hyperv, `.kvp_pool_${number}`));
    expect(await reasons()).to.deep.equal(["STORAGE_DEGRADED NodeInfoUnknown"]);
    expect((await problems())[0]?.message).to.match(/hv_kvp_daemon.*; .*--group/);
    expect(await reasons({ nodeId: VM, group: "east" })).to.deep.equal([]);
    await writeFile(join(roots.hyperv, ".kvp_pool_3"), Buffer.alloc(100));
    expect((await problems({ group: "east" }))[0]?.message).to.include("half written");
  });

  it("sees that programs are missing that every stage needs, and those of one file system", async () => {
    const searchPath = process.env["PATH"];
    process.env["PATH"] = path("no-programs");
    try {
      const found = await problems();
      expect(found[0]).to.deep.include({ status: "STORAGE_UNREACHABLE", reason: "MountProgramsMissing" });
      expect(found[0]?.message).to.match(/missing programs: .*mount, stat, umount/);
      expect(found[1]).to.deep.include({
        status: "STORAGE_DEGRADED",
        reason: "FileSystemProgramsMissing",
        message: "missing programs: btrfs",
      });
    } finally {
      process.env["PATH"] = searchPath;
    }
  });

  describe("of kubelet's directory", () => {
    const ROOT = "20 1 8:1 / / rw - ext4 /dev/sda1 rw";

    it("sees that its mounts reach nobody else", async () => {
      await mounts(ROOT);
      expect(await reasons()).to.deep.equal(["STORAGE_UNREACHABLE MountsNotShared"]);
      await mounts(ROOT, `21 20 8:1 /kubelet ${kubelet} rw master:4 - ext4 /dev/sda1 rw`);
      expect(await reasons()).to.deep.equal(["STORAGE_UNREACHABLE MountsNotShared"]);
      expect((await problems())[0]?.message).to.include("Bidirectional");
    });

    it("looks at the nearest mount, and at the topmost of one path", async () => {
      const own = `21 20 8:1 /kubelet ${kubelet} rw shared:7 master:4 - ext4 /dev/sda1 rw`;
      await mounts(ROOT, own);
      expect(await reasons()).to.deep.equal([]);
      await mounts(own, ROOT);
      expect(await reasons()).to.deep.equal([]);
      await mounts(ROOT, own, `22 21 8:9 / ${kubelet} rw - ext4 /dev/sdz rw`);
      expect(await reasons()).to.deep.equal(["STORAGE_UNREACHABLE MountsNotShared"]);
      await mounts(own, ROOT, `22 20 8:9 / ${kubelet}-data rw - ext4 /dev/sdz rw`);
      expect(await reasons()).to.deep.equal([]);
      await mounts(own, ROOT, `22 21 8:9 / ${kubelet}/pods/x/mount rw - ext4 /dev/sdz rw`);
      expect(await reasons()).to.deep.equal([]);
    });

    it("says nothing where there is none", async () => {
      await mounts(ROOT);
      await rm(kubelet, { recursive: true });
      expect(await reasons()).to.deep.equal([]);
    });
  });
});
