import { randomUUID } from "node:crypto";
import { mkdir, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect } from "chai";
import type { VmbusAddress } from "../../../src/agent-client/disk-address.ts";
import { run } from "../../../src/kit/run.ts";
import { letGo } from "../../../src/node/linux/let-go.ts";
import { findVmbusDisk } from "../../../src/node/linux/vmbus-disk.ts";
import { scsiPage83 } from "../../../src/vhdx/index.ts";
import type { GuestKernel } from "../../support/guest-kernel.ts";
import type { TreeDisk } from "../../support/guest-tree.ts";
import { needsLoopDevices } from "../../support/needs-loop-devices.ts";
import { startProcess } from "../../support/own-processes.ts";
import { refused } from "../../support/refused.ts";
import { scratchDirectory } from "../../support/scratch-directory.ts";
import { CONTROLLERS, generation1, generation2 } from "../../support/vmbus-rig.ts";

const VM = "11111111-2222-4333-8444-555555555555";

describe("a disk on a Hyper-V SCSI controller", () => {
  const path = scratchDirectory();
  before(needsLoopDevices);

  async function loop(): Promise<string> {
    const file = path(`${randomUUID()}.img`);
    await writeFile(file, "");
    await truncate(file, 1024 * 1024);
    return (await run("losetup", ["--find", "--show", file])).trim();
  }

  async function guest(make = generation2) {
    const kernel = await make(path(randomUUID()));
    const volumeId = randomUUID();
    const address: VmbusAddress = { kind: "vmbus", controllerId: CONTROLLERS[1], lun: 5 };
    const find = async (ms = 200, at = address, signal = new AbortController().signal) =>
      await findVmbusDisk(at, volumeId, kernel.vm(VM), { signal, deadline: performance.now() + ms });
    const disk = async (what: Partial<TreeDisk> = {}): Promise<TreeDisk> => ({
      name: "sdb",
      at: { host: 1, lun: 5 },
      volumeId,
      through: await loop(),
      ...what,
    });
    return { kernel, volumeId, address, find, disk };
  }

  /** The refusal must have asked the kernel for nothing that changes anything. */
  async function refusedUntouched(kernel: GuestKernel, work: Promise<unknown>, ...about: string[]) {
    const { message } = await refused(work, "FAILED_PRECONDITION", "nothing was written");
    for (const text of about) expect(message).to.include(text);
    expect(kernel.told.filter((each) => each.includes("delete"))).to.deep.equal([]);
  }

  it("is found with its device and size once address and name agree, and is held until it is released", async () => {
    const { kernel, volumeId, find, disk } = await guest();
    const plugged = await disk({ sectors: 2048n });
    await kernel.plug(plugged);
    const found = await find();
    const device = join(kernel.tree.roots.dev, "sdb");
    expect(found).to.deep.include({ volumeId, device, size: 1n << 20n, readOnly: false });
    await run("losetup", ["--detach", plugged.through ?? ""]);
    expect(await run("losetup", ["--list", "--noheadings", plugged.through ?? ""])).not.to.equal("");
    await found.release();
  });

  it("is waited for: controller, unit, block device and node may each come late", async () => {
    const { kernel, find, disk, address } = await guest();
    const { sys, dev } = kernel.tree.roots;
    const controllerId = "ffffffff-1e82-4818-a1c3-63d806ec15bb";
    const search = find(20_000, { ...address, controllerId });
    await setTimeout(60);
    await kernel.tree.onVmbus(controllerId, "scsi", 7);
    await setTimeout(60);
    const late = await disk({ at: { host: 7, lun: 5 } });
    await kernel.tree.plug(late);
    await rm(join(dev, "sdb"));
    await setTimeout(60);
    await run("cp", ["-a", late.through ?? "", join(dev, "sdb")]);
    const found = await search;
    expect(found.device).to.equal(join(dev, "sdb"));
    await found.release();
    expect(sys).not.to.equal("/sys");
  });

  it("is waited for while its controller has a name and no attributes yet", async () => {
    const { kernel, find, disk } = await guest();
    const scan = join(kernel.tree.roots.sys, "class", "scsi_host", "host1", "scan");
    await rm(scan);
    kernel.plugUnseen(await disk());
    const search = find(20_000);
    await setTimeout(60);
    expect(kernel.told).to.deep.equal([]);
    await writeFile(scan, "");
    await (await search).release();
    expect(kernel.told[0]).to.equal("host1/scan=0 0 5");
  });

  it("is UNAVAILABLE when it has not come in time, saying what is missing; its unit is scanned once", async () => {
    const { kernel, find, address } = await guest();
    const missing = { ...address, controllerId: "ffffffff-1e82-4818-a1c3-63d806ec15bb" };
    await refused(find(300, missing), "UNAVAILABLE", "no such controller");
    expect(kernel.told).to.deep.equal([]);
    await refused(find(300), "UNAVAILABLE", "shows no disk there");
    expect(kernel.told).to.deep.equal(["host1/scan=0 0 5"]);
    const gone = AbortSignal.abort();
    await refused(find(60_000, address, gone), "UNAVAILABLE", "has not appeared");
  });

  it("is refused when another disk is at its address", async () => {
    const { kernel, find, disk } = await guest();
    const other = randomUUID();
    await kernel.plug(await disk({ volumeId: other }));
    await refusedUntouched(kernel, find(), "LUN 5", "sdb", scsiPage83(other));
  });

  it("is refused when its name is at another address, also while nothing is at its own", async () => {
    const { kernel, volumeId, find, disk } = await guest();
    const moved = await disk({ name: "sdc", at: { host: 2, lun: 0 } });
    await kernel.plug(moved);
    await refusedUntouched(kernel, find(), "sdc (2:0:0:0)", "moved");
    await kernel.plug(await disk({ volumeId: randomUUID() }));
    await refusedUntouched(kernel, find(), "sdb", volumeId, "sdc (2:0:0:0)", "detach it and attach it again");
  });

  it("is refused when two disks have its name", async () => {
    const { kernel, find, disk } = await guest();
    await kernel.plug(await disk());
    await kernel.plug(await disk({ name: "sdc", at: { host: 3, lun: 63 } }));
    await refusedUntouched(kernel, find(), "sdb (1:0:0:5)", "sdc (3:0:0:63)");
  });

  it("is asked anew: a name that the kernel remembers of the disk before proves nothing", async () => {
    const { kernel, find, disk } = await guest();
    const now = "60022480aaaaaaaaaaaabbbbbbbbbbbb";
    await kernel.plug(await disk({ serves: now }));
    await refusedUntouched(kernel, find(), now);
    const fresh = await guest();
    await fresh.kernel.plug(await fresh.disk({ volumeId: randomUUID(), serves: scsiPage83(fresh.volumeId) }));
    await (await fresh.find()).release();
  });

  it("needs no link in /dev/disk/by-id, and believes none that names another disk", async () => {
    const { kernel, volumeId, find, disk } = await guest();
    await kernel.plug(await disk());
    await kernel.plug(await disk({ name: "sdc", at: { host: 1, lun: 6 }, volumeId: randomUUID() }));
    const { dev } = kernel.tree.roots;
    const byId = join(dev, "disk", "by-id");
    for (const links of [[], [`wwn-0x${scsiPage83(volumeId)}`, `scsi-3${scsiPage83(volumeId)}`]]) {
      await mkdir(byId, { recursive: true });
      for (const name of links) await symlink("../../sdc", join(byId, name));
      const found = await find();
      expect(found.device).to.equal(join(dev, "sdb"));
      await found.release();
    }
  });

  it("is refused when it has no name, or a page that is broken", async () => {
    for (const page83 of [null, Buffer.alloc(0), Buffer.from([0, 0x83, 0, 40, 1, 3, 0, 16])]) {
      const { kernel, find, disk } = await guest();
      await kernel.plug(await disk({ page83, wwid: "t10.MSFT" }));
      await refusedUntouched(kernel, find(), "no name on page 0x83");
    }
  });

  it("is refused when the unit is a DVD drive or the root disk", async () => {
    const { kernel, find, address } = await guest();
    const first = { ...address, controllerId: CONTROLLERS[0] };
    await refusedUntouched(kernel, find(200, { ...first, lun: 1 }), "0:0:0:1 is no disk");
    await writeFile(join(kernel.tree.roots.dev, "sda"), "");
    const error = await refused(find(200, { ...first, lun: 0 }), "FAILED_PRECONDITION");
    expect(error.message).to.include("/dev must be the host's");
  });

  it("is refused when the controller has several SCSI hosts", async () => {
    const { kernel, find } = await guest();
    await mkdir(join(kernel.tree.roots.sys, "bus/vmbus/devices", CONTROLLERS[1], "host9"));
    await refusedUntouched(kernel, find(), "several SCSI hosts", "host9");
  });

  it("is refused while multipath or another mapper claims it; LUKS of the volume is its own", async () => {
    const { kernel, volumeId, find, disk } = await guest();
    await kernel.plug(await disk());
    await kernel.tree.mapper("dm-0", ["sdb"], `CRYPT-LUKS2-0123-hyperv-csi-${volumeId}`);
    await (await find()).release();
    await kernel.tree.mapper("dm-1", ["sdb"], "mpath-360022480aa");
    await refusedUntouched(kernel, find(), "dm-1", "mpath-360022480aa", "multipath");
    const { message } = await refused(letGo(volumeId, kernel.vm(VM)), "FAILED_PRECONDITION");
    expect(message).to.include("still in use");
  });

  it("is UNAVAILABLE when it is dead", async () => {
    for (const what of [{ state: "offline" }, { state: "transport-offline" }]) {
      const { kernel, volumeId, find, disk } = await guest();
      await kernel.plug(await disk(what));
      await refused(find(), "UNAVAILABLE", what.state);
      await letGo(volumeId, kernel.vm(VM));
      expect(kernel.told).to.deep.equal([]);
    }
  });

  it("is refused when the node in /dev is another device's", async () => {
    const { kernel, find, disk } = await guest();
    await kernel.plug(await disk());
    const node = join(kernel.tree.roots.dev, "sdb");
    await rm(node);
    await symlink(await loop(), node);
    await refused(find(), "FAILED_PRECONDITION", "/dev must be the host's");
  });

  it("is found on the one SCSI controller of a Generation 1 VM", async () => {
    const { kernel, find, disk, address } = await guest(generation1);
    await kernel.plug(await disk({ at: { host: 2, lun: 5 } }));
    await (await find(200, { ...address, controllerId: CONTROLLERS[0] })).release();
  });

  describe("that is let go", () => {
    it("is removed from the kernel, by its name alone; nothing there is success", async () => {
      const { kernel, volumeId, disk } = await guest();
      await letGo(volumeId, kernel.vm(VM));
      await kernel.plug(await disk());
      await letGo(volumeId, kernel.vm(VM));
      expect(kernel.told).to.deep.equal(["sdb/rescan=1", "sdb/delete=1"]);
    });

    it("stays while two disks have its name, or when it turns out to be another", async () => {
      const { kernel, volumeId, disk } = await guest();
      await kernel.plug(await disk());
      await kernel.plug(await disk({ name: "sdc", at: { host: 3, lun: 63 } }));
      await refused(letGo(volumeId, kernel.vm(VM)), "FAILED_PRECONDITION", "sdb, sdc; none was removed");
      expect(kernel.told).to.deep.equal([]);

      const stale = await guest();
      await stale.kernel.plug(await stale.disk({ serves: "60022480aaaaaaaaaaaabbbbbbbbbbbb" }));
      await refused(letGo(stale.volumeId, stale.kernel.vm(VM)), "ABORTED", "another disk");
      expect(stale.kernel.told).to.deep.equal(["sdb/rescan=1"]);
    });

    it("stays while a mount in another namespace has it", async () => {
      const { kernel, volumeId, disk } = await guest();
      const plugged = await disk();
      await kernel.plug(plugged);
      await run("mkfs.ext4", ["-q", "-F", plugged.through ?? ""]);
      const place = path(randomUUID());
      await mkdir(place);
      const script = `mount -t ext4 ${plugged.through} ${place} && echo ready && exec sleep 600`;
      const hidden = startProcess("unshare", ["--mount", "sh", "-c", script]);
      await hidden.says(/ready/);
      await refused(letGo(volumeId, kernel.vm(VM)), "FAILED_PRECONDITION", "in use");
      expect(kernel.told).to.deep.equal([]);
      await hidden.kill("SIGKILL");
      await letGo(volumeId, kernel.vm(VM));
      expect(kernel.told.at(-1)).to.equal("sdb/delete=1");
    });
  });
});
