import { basename, join } from "node:path";
import { writeFile } from "node:fs/promises";
import type { VmbusAddress } from "../../src/agent-client/disk-address.ts";
import type { LoopDevice } from "../../src/kit/loop-devices.ts";
import { GuestKernel } from "./guest-kernel.ts";
import { GuestTree, type TreeDisk } from "./guest-tree.ts";
import { localRig } from "./local-rig.ts";
import { NodeRig } from "./node-rig.ts";
import { linuxGuest } from "../../src/node/linux/linux-guest.ts";
import type { ThisVm } from "../../src/node/linux/this-vm.ts";

/** Ids that Hyper-V gave the SCSI controllers of a real VM. */
export const CONTROLLERS = [
  "f8b3781a-1e82-4818-a1c3-63d806ec15bb",
  "f8b3781b-1e82-4818-a1c3-63d806ec15bb",
  "f8b3781c-1e82-4818-a1c3-63d806ec15bb",
  "f8b3781d-1e82-4818-a1c3-63d806ec15bb",
] as const;

/** A Generation 2 VM: four SCSI controllers; the root disk with its partitions and a DVD drive are on the first. */
export async function generation2(directory: string): Promise<GuestKernel> {
  const tree = await new GuestTree(directory).make();
  for (const [host, id] of CONTROLLERS.entries()) await tree.onVmbus(id, "scsi", host);
  await tree.onVmbus("0b9ce81f-d0a9-4b40-9a3d-0b3cd2ab1c4d", "network");
  const kernel = new GuestKernel(tree);
  await kernel.plug({ name: "sda", at: { host: 0, lun: 0 }, partitions: 3 });
  await kernel.plug({ name: "sr0", at: { host: 0, lun: 1 } });
  return kernel;
}

/** A Generation 1 VM: disks on two IDE controllers, which the VMBus shows too, and one SCSI controller. */
export async function generation1(directory: string): Promise<GuestKernel> {
  const tree = await new GuestTree(directory).make();
  await tree.onVmbus("00000000-0000-8899-0000-000000000000", "ide", 0);
  await tree.onVmbus("00000001-0001-8899-0000-000000000000", "ide", 1);
  await tree.onVmbus(CONTROLLERS[0], "scsi", 2);
  const kernel = new GuestKernel(tree);
  await kernel.plug({ name: "sda", at: { host: 0, lun: 0 }, partitions: 2 });
  return kernel;
}

/** The node of a rig as a guest on Hyper-V: its disks are loop devices under SCSI names. */
export class VmbusRig {
  readonly node: NodeRig;
  readonly kernel: GuestKernel;
  readonly vm: ThisVm;
  readonly disks = new Map<string, TreeDisk>();
  /** Where the next disk goes. */
  next = { host: 1, lun: 0 };
  /** Set to have disks plugged in that the kernel has not noticed. */
  unseen = false;

  constructor(kernel: GuestKernel, node: ReturnType<typeof localRig>) {
    this.kernel = kernel;
    this.vm = kernel.vm(node.vms[0].id);
    this.node = new NodeRig(node, linuxGuest(this.vm), {
      plugIn: (id, loop, readOnly) => this.#plug(id, loop, readOnly),
    });
  }

  /** The disk of a volume as the tree has it. */
  disk(volumeId: string): TreeDisk {
    const disk = this.disks.get(volumeId);
    if (disk === undefined) throw new Error(`volume ${volumeId} was not plugged in`);
    return disk;
  }

  device(volumeId: string): string {
    return join(this.kernel.tree.roots.dev, this.disk(volumeId).name);
  }

  async #plug(volumeId: string, loop: LoopDevice, readOnly: boolean): Promise<VmbusAddress> {
    const at = { ...this.next };
    this.next.lun++;
    const name = `sd${String.fromCharCode("b".charCodeAt(0) + at.lun)}`;
    const disk: TreeDisk = { name, at, volumeId, sectors: loop.size / 512n, through: loop.device };
    this.disks.set(volumeId, disk);
    if (this.unseen) this.kernel.plugUnseen(disk);
    else await this.kernel.plug(disk);
    if (readOnly) await writeFile(join(this.kernel.tree.roots.sys, "block", basename(name), "ro"), "1\n");
    return { kind: "vmbus", controllerId: CONTROLLERS[at.host] ?? "", lun: at.lun };
  }
}

/** A guest on Hyper-V for the tests of one `describe`; it is there when they run. */
export function vmbusRig(): { readonly get: VmbusRig } {
  const local = localRig();
  let rig: VmbusRig | undefined;
  before(async () => {
    rig = new VmbusRig(await generation2(local.path("guest")), local);
  });
  return {
    get get() {
      if (rig === undefined) throw new Error("the rig is not open yet");
      return rig;
    },
  };
}
