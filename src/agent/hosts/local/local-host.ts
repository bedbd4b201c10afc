import { realpath } from "node:fs/promises";
import { LOCAL_SLOTS_PER_VM } from "../../../agent-client/disk-address.ts";
import { StatusError } from "../../../kit/errors.ts";
import { KeyedLocks } from "../../../kit/locks.ts";
import { inspectVhdx, renewWriteGuids } from "../../../vhdx/index.ts";
import type { Attachment, DiskFile, Host, Vm } from "../host.ts";
import { growUnderLoop } from "./growth.ts";
import { refuseWhileUsed } from "./in-use.ts";
import { AttachmentLinks } from "./links.ts";
import { listLoopDevices, type LoopDevice } from "../../../kit/loop-devices.ts";
import { bindLoop, unbindLoop } from "./losetup.ts";

interface LoopAttachment extends Attachment {
  readonly loop: LoopDevice;
}

/** The host on this Linux machine: VMs are declared, a disk is attached as a loop device over its payload. */
export async function openLocalHost(
  poolDirectory: string,
  vms: readonly Vm[],
  slotsPerVm = LOCAL_SLOTS_PER_VM,
): Promise<Host> {
  // The kernel names backing files by their real path.
  const links = new AttachmentLinks(await realpath(poolDirectory));
  const locks = new KeyedLocks();
  await links.sweep(new Set(listLoopDevices().map(({ backingFile }) => backingFile)));

  function attachments(): LoopAttachment[] {
    return listLoopDevices().flatMap((loop) => {
      const owner = links.parse(loop.backingFile);
      if (owner === undefined) return [];
      return {
        ...owner,
        readOnly: loop.readOnly,
        address: { kind: "loop", backingFile: loop.backingFile },
        loop,
      };
    });
  }

  function loopOf({ volumeId, vmId }: Attachment): LoopDevice | undefined {
    return attachments().find((each) => each.volumeId === volumeId && each.vmId === vmId)?.loop;
  }

  return {
    manifest: { name: "local", diskTypes: ["fixed"], slotsPerVm, onlineExpand: true },
    listVms: () => Promise.resolve([...vms]),
    getVm: (id) => Promise.resolve(vms.find((vm) => vm.id === id)),
    listAttachments: () => Promise.resolve(attachments().map(withoutLoop)),
    attachmentsOf: (id) =>
      Promise.resolve(
        attachments()
          .filter(({ volumeId }) => volumeId === id)
          .map(withoutLoop),
      ),

    attach: async (disk, vmId, readOnly, signal) => {
      const { payloadOffset, virtualSize, fileSize } = await inspectVhdx(disk.path);
      if (payloadOffset === undefined || fileSize < payloadOffset + virtualSize) {
        throw new StatusError(
          "FAILED_PRECONDITION",
          `volume ${disk.volumeId} is not a contiguous fixed disk: this host can't attach it`,
        );
      }
      // What is written through the device bypasses the format, so its write ids change before.
      if (!readOnly) await renewWriteGuids(disk.path);
      const link = await links.make(disk, vmId);
      try {
        const payload = {
          offset: payloadOffset,
          size: virtualSize,
          endsFile: fileSize === payloadOffset + virtualSize,
        };
        await locks.run(["free loop device"], `attach ${disk.volumeId}`, signal, () =>
          bindLoop(link, payload, readOnly, signal),
        );
      } catch (error) {
        await removeUnlessBound(links, link);
        throw error;
      }
      return { volumeId: disk.volumeId, vmId, readOnly, address: { kind: "loop", backingFile: link } };
    },

    detach: async (attachment, signal) => {
      const loop = loopOf(attachment);
      if (loop !== undefined) {
        await refuseWhileUsed(loop);
        await unbindLoop(loop, signal);
      }
      await links.remove(links.path(attachment.vmId, attachment.volumeId));
    },

    growAttached: async (disk: DiskFile, attachment, size, signal) => {
      const loop = loopOf(attachment);
      if (loop === undefined)
        throw new StatusError("ABORTED", `volume ${disk.volumeId} was detached; try again`);
      await growUnderLoop(disk, loop, size, signal);
    },

    forget: (volumeId) => links.removeAll(volumeId),
  };
}

function withoutLoop({ volumeId, vmId, readOnly, address }: LoopAttachment): Attachment {
  return { volumeId, vmId, readOnly, address };
}

async function removeUnlessBound(links: AttachmentLinks, link: string): Promise<void> {
  if (!listLoopDevices().some(({ backingFile }) => backingFile === link)) await links.remove(link);
}
