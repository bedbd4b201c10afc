import { open } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { LoopAddress } from "../../agent-client/disk-address.ts";
import { isNotFound, StatusError } from "../../kit/errors.ts";
import { loopOver, readLoopDevice } from "../../kit/loop-devices.ts";
import { readIdentity } from "../../vhdx/index.ts";
import type { Disk } from "../guest.ts";
import { sysBlock, type ThisVm } from "./this-vm.ts";

/**
 * Finds the loop device of a volume of this VM and proves that it is that volume: the kernel names the backing
 * file, whose path carries both ids, and the file's own VirtualDiskId must agree.
 */
export async function findLoopDisk(address: LoopAddress, volumeId: string, vm: ThisVm): Promise<Disk> {
  const { backingFile } = address;
  const owner = ownerOf(backingFile);
  const vmId = await vm.id();
  if (owner?.vmId !== vmId || owner.volumeId !== volumeId) {
    throw new StatusError(
      "FAILED_PRECONDITION",
      `${backingFile} is not the disk of volume ${volumeId} in this VM, ${vmId}: it was attached to another VM`,
    );
  }
  const name = loopOver(backingFile, sysBlock(vm.roots));
  if (name === undefined) {
    throw new StatusError(
      "UNAVAILABLE",
      `no loop device has ${backingFile}: volume ${volumeId} is not attached`,
    );
  }
  return await pin(name, backingFile, volumeId, vm);
}

/** The ids in `<pool>/.vms/<vm id>/<volume id>.vhdx`; undefined for any other file. */
export function ownerOf(backingFile: string): { vmId: string; volumeId: string } | undefined {
  const directory = dirname(backingFile);
  const file = basename(backingFile);
  if (basename(dirname(directory)) !== ".vms" || !file.endsWith(".vhdx")) return undefined;
  return { vmId: basename(directory), volumeId: file.slice(0, -".vhdx".length) };
}

/** An open device can't be bound to another file: what is proven after the opening stays true until the release. */
async function pin(name: string, backingFile: string, volumeId: string, { roots }: ThisVm): Promise<Disk> {
  const device = await open(join(roots.dev, name), "r").catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
    throw new StatusError("UNAVAILABLE", `/dev/${name} has no device node; /dev must be the host's`, error);
  });
  try {
    const now = readLoopDevice(name, sysBlock(roots));
    if (now?.backingFile !== backingFile) {
      throw new StatusError("UNAVAILABLE", `/dev/${name} was detached from ${backingFile}; try again`);
    }
    const { virtualDiskId } = await readIdentity(now.backingFile);
    if (virtualDiskId !== volumeId) {
      throw new StatusError(
        "FAILED_PRECONDITION",
        `${now.device} holds disk ${virtualDiskId}, not volume ${volumeId}: nothing was written`,
      );
    }
    return {
      volumeId,
      device: join(roots.dev, now.name),
      size: now.size,
      readOnly: now.readOnly,
      release: () => device.close(),
    };
  } catch (error) {
    await device.close();
    throw error;
  }
}
