import { join } from "node:path";
import type { ThisVm } from "../../src/node/linux/this-vm.ts";
import { listLoopDevices, type LoopDevice } from "../../src/kit/loop-devices.ts";
import { GuestKernel } from "../support/guest-kernel.ts";
import { GuestTree, type TreeDisk } from "../support/guest-tree.ts";
import { volumeIdInName } from "../../src/agent/hosts/hyperv/disk-paths.ts";
import { bytesOf } from "./held-files.ts";
import { RUNNING, type SimDrive, type SimVm } from "./model.ts";
import { readState } from "./store.ts";

/** The loop device that does the work of a drive; none for one whose VM is off, and for a disk that is not fixed. */
export function loopOf(path: string): LoopDevice | undefined {
  const file = bytesOf(path);
  return listLoopDevices().find(({ backingFile }) => backingFile === file);
}

/** What a VM's kernel shows of itself: a tree of its own below the simulator's directory. */
export function guestTree(directory: string, vmId: string): GuestTree {
  return new GuestTree(join(directory, "guests", vmId));
}

/** Makes or finds the tree of a VM with its controllers. */
export async function openGuest(directory: string, { id, controllers }: SimVm): Promise<GuestTree> {
  const tree = await guestTree(directory, id).make();
  for (const [host, controller] of controllers.entries()) await tree.onVmbus(controller, "scsi", host);
  return tree;
}

/** A drive as the VM's kernel would find it. */
export function diskOf({ controllers }: SimVm, drive: SimDrive): TreeDisk | undefined {
  const loop = loopOf(drive.path);
  const volumeId = volumeIdInName(drive.path);
  if (loop === undefined || volumeId === undefined) return undefined;
  const at = { host: controllers.indexOf(drive.controllerId), lun: drive.lun };
  const sectors = loop.size / 512n;
  return { name: nameAt(at.host * 64 + at.lun), at, volumeId, sectors, through: loop.device };
}

/** `sda`, `sdb`, … `sdaa`, as the kernel counts. */
function nameAt(index: number): string {
  const letter = String.fromCharCode("a".charCodeAt(0) + (index % 26));
  return index < 26 ? `sd${letter}` : nameAt(Math.floor(index / 26) - 1) + letter;
}

/** A simulated VM as the node plugin runs in it: what the plugin writes into sysfs has its effect. */
export function simulatedVm(directory: string, vmId: string): ThisVm {
  const { roots } = guestTree(directory, vmId);
  const tell = async (attribute: string, value: string) => {
    const vm = (await readState(directory)).vms.find(({ id }) => id === vmId);
    if (vm?.state !== RUNNING) throw new Error(`VM ${vmId} does not run`);
    const kernel = new GuestKernel(await openGuest(directory, vm));
    for (const drive of vm.drives) {
      const disk = diskOf(vm, drive);
      if (disk !== undefined) kernel.plugUnseen(disk);
    }
    await kernel.vm(vmId).tell(attribute, value);
  };
  return { id: () => Promise.resolve(vmId), roots, tell };
}
