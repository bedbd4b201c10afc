import { backingFileOf } from "../../kit/loop-devices.ts";
import { scsiPage83 } from "../../vhdx/index.ts";
import { ownerOf } from "./loop-disk.ts";
import { namesOfDisk } from "./page83.ts";
import { sysBlock, type ThisVm } from "./this-vm.ts";

/**
 * Whether a disk is this volume of this VM, as the kernel knows it. A SCSI disk gives only 12 bytes of the volume's
 * id, so that the question can't be asked the other way round.
 */
export async function isDiskOf(volumeId: string, name: string, vm: ThisVm): Promise<boolean> {
  if (!name.startsWith("loop")) return namesOfDisk(name, vm.roots).includes(scsiPage83(volumeId));
  const owner = ownerOf(backingFileOf(name, sysBlock(vm.roots)) ?? "");
  return owner?.volumeId === volumeId && owner.vmId === (await vm.id());
}
