import { expect } from "chai";
import { readLoopDevice } from "../../../src/kit/loop-devices.ts";
import { run } from "../../../src/kit/run.ts";
import { mkdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { hypervFacts } from "../../../src/node/linux/hyperv-facts.ts";
import { findLoopDisk, ownerOf } from "../../../src/node/linux/loop-disk.ts";
import { systemRoots, thisVm } from "../../../src/node/linux/this-vm.ts";
import { kvpPool } from "../../support/kvp-pool.ts";
import { nodeRig } from "../../support/node-rig.ts";
import { refused } from "../../support/refused.ts";

const VM = "11111111-2222-4333-8444-555555555555";
const VOLUME = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee";

describe("the disk of a volume", () => {
  const node = nodeRig();
  const vm = () => thisVm(node.local.vms[0].id);

  it("is owned as its backing file's name says, and by nobody under another name", () => {
    expect(ownerOf(`/pool/.vms/${VM}/${VOLUME}.vhdx`)).to.deep.equal({ vmId: VM, volumeId: VOLUME });
    const foreign = [
      "",
      `/pool/${VM}/${VOLUME}.vhdx`,
      `/pool/.vms/${VOLUME}.vhdx`,
      `/pool/.vms/${VM}/${VOLUME}.img`,
      `/pool/.vms/${VM}/${VOLUME}.vhdx (deleted)`,
    ];
    for (const file of foreign) expect(ownerOf(file), file).to.equal(undefined);
  });

  it("is found with its device, size and access", async () => {
    const volume = await node.volume();
    const address = { kind: "loop", backingFile: volume.publishContext["backingFile"]! } as const;
    const disk = await findLoopDisk(address, volume.id, vm());
    expect(disk).to.deep.include({ volumeId: volume.id, device: volume.device, readOnly: false });
    expect(disk.size).to.equal(readLoopDevice(basename(volume.device))?.size);
    await disk.release();
  });

  it("stays the same disk until it is released, even when it is detached meanwhile", async () => {
    const volume = await node.volume();
    const address = { kind: "loop", backingFile: volume.publishContext["backingFile"]! } as const;
    const disk = await findLoopDisk(address, volume.id, vm());
    await refused(node.detach(volume), "FAILED_PRECONDITION", "in use");
    await run("losetup", ["--detach", volume.device]);
    expect(readLoopDevice(basename(volume.device))?.backingFile).to.equal(address.backingFile);
    await disk.release();
    for (let wait = 0; wait < 100 && readLoopDevice(basename(volume.device)) !== undefined; wait++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await refused(findLoopDisk(address, volume.id, vm()), "UNAVAILABLE", "not attached");
  });

  it("is the VM's whose id Hyper-V tells, which is waited for", async () => {
    const volume = await node.volume();
    const address = { kind: "loop", backingFile: volume.publishContext["backingFile"]! } as const;
    const roots = { ...systemRoots, hyperv: node.local.path("hyperv") };
    const settled = { nodeId: undefined, group: undefined, maxVolumes: undefined };
    const facts = hypervFacts({ ...settled, reservedVolumes: 0, kubeletDirectory: "" }, roots);
    const told = thisVm(() => facts.nodeId(), roots);
    await refused(findLoopDisk(address, volume.id, told), "UNAVAILABLE", "hv_kvp_daemon");
    await mkdir(roots.hyperv);
    const id = node.local.vms[0].id.toUpperCase();
    await writeFile(join(roots.hyperv, ".kvp_pool_3"), kvpPool({ VirtualMachineId: id }));
    const disk = await findLoopDisk(address, volume.id, told);
    expect(disk.device).to.equal(volume.device);
    await disk.release();
    await node.detach(volume);
  });

  it("is released when it proves to be another one", async () => {
    const [volume, other] = [await node.volume(), await node.volume()];
    const address = { kind: "loop", backingFile: other.publishContext["backingFile"]! } as const;
    await refused(findLoopDisk(address, volume.id, vm()), "FAILED_PRECONDITION", volume.id);
    await refused(findLoopDisk(address, other.id, thisVm(VM)), "FAILED_PRECONDITION", VM);
    await node.detach(other);
  });
});
