import { randomUUID } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { run } from "../../../src/kit/run.ts";
import { volumeSlots } from "../../../src/node/linux/slots.ts";
import type { Roots } from "../../../src/node/linux/this-vm.ts";
import { GuestKernel } from "../../support/guest-kernel.ts";
import { GuestTree } from "../../support/guest-tree.ts";
import { needsLoopDevices } from "../../support/needs-loop-devices.ts";
import { refused } from "../../support/refused.ts";
import { temporaryDirectory } from "../../support/temporary.ts";
import { generation1, generation2 } from "../../support/vmbus-rig.ts";

describe("the room that a VM has for volumes", () => {
  const path = temporaryDirectory();
  const KUBELET = "/var/lib/kubelet";

  /** A guest whose `/proc` has these mounts. */
  async function guest(make: (directory: string) => Promise<GuestKernel>, ...mounts: string[]) {
    const directory = path(randomUUID());
    const kernel = await make(join(directory, "guest"));
    await mkdir(join(directory, "proc", "self"), { recursive: true });
    await writeFile(join(directory, "proc", "self", "mountinfo"), mounts.map((each) => `${each}\n`).join(""));
    const roots: Roots = { ...kernel.tree.roots, proc: join(directory, "proc") };
    return { kernel, roots, slots: () => volumeSlots(KUBELET, roots) };
  }

  const lun = (value: number, host = 1) => ({ at: { host, lun: value } });

  it("is 64 for each SCSI controller, less the root disk and the DVD drive", async () => {
    expect(await (await guest(generation2)).slots()).to.equal(254);
  });

  it("is that of the one SCSI controller in Generation 1: what IDE has takes none of it", async () => {
    expect(await (await guest(generation1)).slots()).to.equal(64);
  });

  it("counts volumes as room, attached, staged or encrypted", async () => {
    const { kernel, slots } = await guest(
      generation2,
      `40 27 8:5 / ${KUBELET}/plugins/x/globalmount rw - ext4 /dev/sdb rw`,
      `41 27 8:5 / ${KUBELET}/pods/x/mount rw - ext4 /dev/sdb rw`,
    );
    const volumeId = randomUUID();
    await kernel.plug({ name: "sdb", ...lun(0), volumeId });
    await kernel.plug({ name: "sdc", ...lun(1), volumeId: randomUUID() });
    await kernel.plug({ name: "sdd", ...lun(2), volumeId: randomUUID() });
    expect(await slots()).to.equal(254);
    await kernel.tree.mapper("dm-0", ["sdb"], `CRYPT-LUKS2-0123-${volumeId}`);
    expect(await slots()).to.equal(254);
  });

  it("is less by each disk with partitions, in a mapper, mounted outside kubelet's directory, or swapped to", async () => {
    const { kernel, roots, slots } = await guest(
      generation2,
      "39 27 0:33 / /run rw - tmpfs tmpfs rw",
      "40 27 0:44 / /srv/data rw - btrfs /dev/sdd rw",
      "41 27 8:5 / /var/lib/kubelet-data rw - ext4 /dev/sdb rw",
    );
    const { dev } = roots;
    await kernel.plug({ name: "sdb", ...lun(0), volumeId: randomUUID() });
    expect(await slots()).to.equal(253);
    await kernel.plug({ name: "sdc", ...lun(1), partitions: 1 });
    expect(await slots()).to.equal(252);
    const btrfs = `40 27 0:44 / /srv/data rw - btrfs ${dev}/sdd rw\n`;
    await writeFile(join(roots.proc, "self", "mountinfo"), btrfs);
    await kernel.plug({ name: "sdd", ...lun(2), volumeId: randomUUID() });
    expect(await slots()).to.equal(252);
    await kernel.plug({ name: "sde", ...lun(3) });
    await kernel.tree.mapper("dm-0", ["sde"], "LVM-x");
    expect(await slots()).to.equal(251);
    await kernel.plug({ name: "sdf", ...lun(4) });
    await writeFile(join(roots.proc, "swaps"), "Filename Type Size\n/dev/sdf partition 1\n");
    expect(await slots()).to.equal(250);
  });

  it("is less by a disk that the VM mounts where a container sees it not, and not by its own volumes there", async () => {
    const { kernel, roots, slots } = await guest(generation2);
    for (const [index, name] of ["sdb", "sdc", "sdd"].entries())
      await kernel.plug({ name, ...lun(index), volumeId: randomUUID() });
    const number = async (name: string) =>
      (await readFile(join(roots.sys, "block", name, "dev"), "utf8")).trim();
    expect(await slots()).to.equal(254);
    const [staged, unstaged, data] = [await number("sdb"), await number("sdc"), await number("sdd")];
    await writeFile(
      join(roots.proc, "self", "mountinfo"),
      `40 27 ${staged} / ${KUBELET}/plugins/kubernetes.io/csi/x/1/globalmount rw - ext4 /dev/sdb rw\n`,
    );
    await mkdir(join(roots.proc, "1"));
    const ofVm = [
      "30 1 0:5 / /dev rw - devtmpfs udev rw",
      // The VM's name for kubelet's directory is another one, as behind a symbolic link.
      `41 27 ${staged} / /big/kubelet/plugins/kubernetes.io/csi/x/1/globalmount rw - ext4 /dev/sdb rw`,
      `42 27 ${unstaged} / ${KUBELET}/plugins/kubernetes.io/csi/x/2/globalmount rw - ext4 /dev/sdc rw`,
    ];
    await writeFile(join(roots.proc, "1", "mountinfo"), ofVm.join("\n"));
    expect(await slots()).to.equal(254);
    ofVm.push(`43 27 ${data} / /data rw - xfs /dev/sdd rw`);
    await writeFile(join(roots.proc, "1", "mountinfo"), ofVm.join("\n"));
    expect(await slots()).to.equal(253);
  });

  describe("when a raw block volume has partitions", () => {
    before(needsLoopDevices);

    it("counts it as room where kubelet shows it to a pod as a driver's volume, and only there", async () => {
      const { kernel, roots } = await guest(generation2);
      const kubelet = path(randomUUID());
      await kernel.plug({ name: "sdb", ...lun(0), volumeId: randomUUID(), partitions: 1 });
      const number = (await readFile(join(roots.sys, "block", "sdb", "dev"), "utf8")).trim();
      for (const [folder, slots] of [
        ["plugins/kubernetes.io/csi/volumeDevices/publish/pvc-1", 254],
        ["plugins/kubernetes.io~local-volume/volumeDevices/pv-1", 253],
        ["../elsewhere", 253],
      ] as const) {
        const target = join(kubelet, folder, "pod");
        await mkdir(dirname(target), { recursive: true });
        await run("mknod", [target, "b", ...number.split(":")]);
        const mount = `40 27 0:5 /sdb ${target} rw - devtmpfs udev rw\n`;
        await writeFile(join(roots.proc, "self", "mountinfo"), mount);
        expect(await volumeSlots(kubelet, roots), folder).to.equal(slots);
      }
      // A partition that is mounted says nothing of the disk.
      const partition = `40 27 8:17 / ${kubelet}/plugins/kubernetes.io/csi/x/globalmount rw - ext4 /dev/sdb1 rw\n`;
      await writeFile(join(roots.proc, "self", "mountinfo"), partition);
      expect(await volumeSlots(kubelet, roots)).to.equal(253);
    });
  });

  it("is refused for a VM without a SCSI controller, and says what to do", async () => {
    const { slots } = await guest(async (directory) => {
      const tree = await new GuestTree(directory).make();
      await tree.onVmbus("00000000-0000-8899-0000-000000000000", "ide", 0);
      return new GuestKernel(tree);
    });
    await refused(slots(), "FAILED_PRECONDITION", "Add-VMScsiController");
  });

  it("is that of the local host where there is no VMBus", async () => {
    const roots = { sys: path("none"), dev: "/dev", proc: "/proc", hyperv: "/none" };
    expect(await volumeSlots(KUBELET, roots)).to.equal(256);
  });
});
