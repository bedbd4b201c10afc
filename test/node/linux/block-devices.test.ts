import { randomUUID } from "node:crypto";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { Mount } from "../../../src/kit/mount-table.ts";
import { deviceOf, diskUnder, isGone, sizeOf } from "../../../src/node/linux/block-devices.ts";
import { systemRoots, thisVm } from "../../../src/node/linux/this-vm.ts";
import { isDiskOf } from "../../../src/node/linux/volume-of.ts";
import { GuestTree } from "../../support/guest-tree.ts";
import { temporaryDirectory } from "../../support/temporary.ts";

const CONTROLLER = "f8b3781a-1e82-4818-a1c3-63d806ec15bb";

describe("the block device under a mount", () => {
  const path = temporaryDirectory();
  const volumeId = randomUUID();
  let tree: GuestTree;
  before(async () => {
    tree = await new GuestTree(path("guest")).make();
    await tree.onVmbus(CONTROLLER, "scsi", 0);
    await tree.plug({ name: "sda", at: { host: 0, lun: 0 }, partitions: 1 });
    await tree.plug({ name: "sdb", at: { host: 0, lun: 1 }, volumeId });
    await tree.plug({ name: "sdc", at: { host: 0, lun: 2 } });
    await tree.mapper("dm-0", ["sdb"], "CRYPT-LUKS2-x");
    await tree.mapper("dm-1", ["sdb", "sdc"], "mpath-x");
    await tree.mapper("dm-2", ["dm-0"], "LVM-x");
    await tree.mapper("dm-3", [], "x");
    await mkdir(join(tree.roots.dev, "mapper"));
    await symlink("../dm-0", join(tree.roots.dev, "mapper", "one"));
    for (const name of ["sdb", "dm-0"]) await writeFile(join(tree.roots.dev, name), "");
  });

  const mount = (what: Partial<Mount>): Mount => ({
    id: 2,
    parent: 1,
    device: "0:99",
    root: "/",
    mountPoint: "/nowhere",
    options: [],
    isShared: false,
    fsType: "ext4",
    source: "none",
    superOptions: [],
    ...what,
  });
  const named = async (what: Partial<Mount>) => (await deviceOf(mount(what), tree.roots))?.name;

  it("is the one with the mount's number, by whatever node it was mounted", async () => {
    // sda, its partition and sdb came first.
    expect(await named({ device: "8:2", source: "/somewhere/disk" })).to.equal("sdb");
    expect(await named({ device: "8:1", source: "/dev/root" })).to.equal("sda1");
  });

  it("is the node's, links followed, where the number is none of a device, as with btrfs", async () => {
    const { dev } = tree.roots;
    expect(await named({ source: join(dev, "sdb") })).to.equal("sdb");
    expect(await named({ source: join(dev, "mapper", "one") })).to.equal("dm-0");
    expect(await named({ source: join(dev, "sdq") })).to.equal("sdq");
    for (const source of ["none", "tmpfs", "server:/export", "/devious/sdb"]) {
      expect(await named({ source }), source).to.equal(undefined);
    }
  });

  it("is looked through to its disk when it is a mapper over one disk", () => {
    const under = (name: string) => diskUnder(name, tree.roots);
    expect(under("sdb")).to.equal("sdb");
    expect(under("dm-0")).to.equal("sdb");
    expect(under("dm-2")).to.equal("sdb");
    for (const name of ["dm-1", "dm-3", "dm-9"]) expect(under(name), name).to.equal(undefined);
  });

  it("is a volume's when its disk says so; a partition, or a mapper itself, is none", async () => {
    const vm = () => thisVm(randomUUID(), tree.roots);
    expect(await isDiskOf(volumeId, "sdb", vm())).to.equal(true);
    expect(await isDiskOf(randomUUID(), "sdb", vm())).to.equal(false);
    for (const name of ["sda", "sda1", "sdc", "dm-0", "sdq", "loop99999"]) {
      expect(await isDiskOf(volumeId, name, vm()), name).to.equal(false);
    }
  });

  it("is gone when sysfs has it no more, and then has no size", () => {
    expect(isGone("sdb", tree.roots)).to.equal(false);
    expect(isGone("sdq", tree.roots)).to.equal(true);
    expect(isGone("loop99999", systemRoots)).to.equal(true);
    expect(sizeOf("sdb", tree.roots)).to.equal(1n << 30n);
    expect(sizeOf("sda1", tree.roots)).to.equal(1n << 20n);
    expect(() => sizeOf("sdq", tree.roots)).to.throw("sdq is gone");
  });

  it("has no size when it died: the kernel then shows none", async () => {
    await tree.plug({ name: "sdd", at: { host: 0, lun: 3 }, sectors: 0n });
    expect(() => sizeOf("sdd", tree.roots)).to.throw("sdd is gone");
  });
});
