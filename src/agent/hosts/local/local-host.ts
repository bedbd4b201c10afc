import { LOCAL_SLOTS_PER_VM } from "../../../agent-client/disk-address.ts";
import { StatusError } from "../../../kit/errors.ts";
import { KeyedLocks } from "../../../kit/locks.ts";
import { inspectVhdx, readIdentity, renewWriteGuids } from "../../../vhdx/index.ts";
import { noSuchVm, presentAttachment, requireOff, requireSlot } from "../attach-rules.ts";
import type { Attachment, DiskFile, Host } from "../host.ts";
import { copyUnderLoops } from "./copy-in-use.ts";
import { growUnderLoop } from "./growth.ts";
import { refuseWhileUsed } from "../../../kit/device-users.ts";
import { AttachmentLinks, type LinkOwner } from "./links.ts";
import { backingFiles, loopOver, readLoopDevice, type LoopDevice } from "../../../kit/loop-devices.ts";
import { bindLoop, unbindLoop } from "./losetup.ts";
import { type DeclaredVm, lookAt } from "./vms.ts";

interface LoopAttachment extends Attachment {
  readonly loop: LoopDevice;
}

/** The host on this Linux machine: VMs are declared, a disk is attached as a loop device over its payload. */
export function localHost(vms: readonly DeclaredVm[], slotsPerVm = LOCAL_SLOTS_PER_VM): Host {
  const links = new AttachmentLinks();
  const locks = new KeyedLocks();
  /** Links that an attach has made and no device has yet. */
  const attaching = new Set<string>();

  function linksInUse(): Set<string> {
    return new Set([...attaching, ...backingFiles().values()]);
  }

  async function staleLinks(volumeId?: string): Promise<string[]> {
    const present = await links.list(volumeId);
    const inUse = linksInUse();
    return present.filter((path) => !inUse.has(path));
  }

  function owners(): LinkOwner[] {
    return [...backingFiles().values()].flatMap((file) => links.parse(file) ?? []);
  }

  /** Those that are wanted; only their devices are asked for more than a name. */
  function attachments(wanted: (owner: LinkOwner) => boolean = () => true): LoopAttachment[] {
    return [...backingFiles()].flatMap(([name, file]) => {
      const owner = links.parse(file);
      if (owner === undefined || !wanted(owner)) return [];
      const loop = readLoopDevice(name);
      // The device may have been freed meanwhile, and taken for another file.
      if (loop?.backingFile !== file) return [];
      return {
        ...owner,
        readOnly: loop.readOnly,
        address: { kind: "loop", backingFile: loop.backingFile },
        loop,
      };
    });
  }

  function loopsOf({ volumeId, vmId }: Pick<Attachment, "volumeId" | "vmId">): LoopDevice[] {
    return attachments((each) => each.volumeId === volumeId && each.vmId === vmId).map(({ loop }) => loop);
  }

  return {
    manifest: {
      name: "local",
      diskTypes: ["fixed"],
      slotsPerVm,
      onlineExpand: true,
      copyInUse: true,
      copyInUseAcrossPools: false,
      keepsDisksInUse: true,
      mutableAttributes: {},
      refuseContradictions: () => undefined,
    },
    openPool: async (directory) => {
      await links.openPool(directory);
      await links.sweep(linksInUse);
    },
    diskReader:
      () =>
      ({ path }) =>
        readIdentity(path),
    listVms: () => Promise.all(vms.map(lookAt)),
    getVm: async (id) => {
      const declared = vms.find((vm) => vm.id === id);
      return declared && (await lookAt(declared));
    },
    listAttachments: () => Promise.resolve(attachments().map(withoutLoop)),
    attachmentsOf: (id) => Promise.resolve(attachments(({ volumeId }) => volumeId === id).map(withoutLoop)),

    attach: async (disk, vmId, readOnly, signal, settings) => {
      if (!vms.some(({ id }) => id === vmId)) noSuchVm(vmId);
      const own = attachments(({ volumeId }) => volumeId === disk.volumeId).map(withoutLoop);
      const present = presentAttachment(own, vmId, readOnly);
      if (present !== undefined) return present;
      requireSlot(vmId, owners().filter((each) => each.vmId === vmId).length, slotsPerVm);
      await settings?.before();
      const { payloadOffset, virtualSize, fileSize } = await inspectVhdx(disk.path);
      if (payloadOffset === undefined || fileSize < payloadOffset + virtualSize) {
        throw new StatusError(
          "FAILED_PRECONDITION",
          `volume ${disk.volumeId} is not a contiguous fixed disk: this host can't attach it`,
        );
      }
      // What is written through the device bypasses the format, so its write ids change before.
      if (!readOnly) await renewWriteGuids(disk.path);
      const link = links.path(disk, vmId);
      attaching.add(link);
      try {
        links.make(disk, vmId);
        const payload = {
          offset: payloadOffset,
          size: virtualSize,
          endsFile: fileSize === payloadOffset + virtualSize,
        };
        await locks.run(["free loop device"], `attach ${disk.volumeId}`, signal, () =>
          bindLoop(link, payload, readOnly, signal),
        );
      } catch (error) {
        removeUnlessBound(links, link);
        throw error;
      } finally {
        attaching.delete(link);
      }
      return { volumeId: disk.volumeId, vmId, readOnly, address: { kind: "loop", backingFile: link } };
    },

    detach: async (attachment, signal, onlyWhenOff = false) => {
      // Several only where somebody removed the link of one.
      for (const loop of loopsOf(attachment)) {
        if (onlyWhenOff) {
          const vm = vms.find(({ id }) => id === attachment.vmId);
          requireOff(attachment.vmId, vm !== undefined && (await lookAt(vm)).state === "off");
        }
        await refuseWhileUsed(loop);
        await unbindLoop(loop, signal);
      }
      for (const path of await links.list(attachment.volumeId)) {
        if (links.parse(path)?.vmId === attachment.vmId) links.remove(path);
      }
    },

    growAttached: async (disk: DiskFile, attachment, size, signal) => {
      const [loop] = loopsOf(attachment);
      if (loop === undefined)
        throw new StatusError("ABORTED", `volume ${disk.volumeId} was detached; try again`);
      return await growUnderLoop(disk, loop, size, signal);
    },

    applyAttributes: () => Promise.resolve(),

    copyInUse: async (copies, signal) => {
      const underLoops = copies.map((copy) => {
        const loop = attachments(({ volumeId }) => volumeId === copy.disk.volumeId)[0]?.loop;
        if (loop !== undefined) return { ...copy, loop };
        throw new StatusError("ABORTED", `volume ${copy.disk.volumeId} was detached; try again`);
      });
      await copyUnderLoops(underLoops, signal);
    },

    attachmentCheck: () => async (volumeId) => {
      const [path] = await staleLinks(volumeId);
      return path === undefined
        ? undefined
        : `it was attached as ${path}, and no loop device has that any more: detach and attach it again`;
    },

    leftovers: async (remove) => {
      const removed = new Set(remove ? await links.sweep(linksInUse) : []);
      const paths = [...removed, ...(await staleLinks())];
      const message = "the link of an attachment that is gone";
      return paths.map((path) => ({ path, message, fixed: removed.has(path) }));
    },

    forget: (volumeId) => links.removeAll(volumeId),
    close: () => Promise.resolve(),
  };
}

function withoutLoop({ volumeId, vmId, readOnly, address }: LoopAttachment): Attachment {
  return { volumeId, vmId, readOnly, address };
}

function removeUnlessBound(links: AttachmentLinks, link: string): void {
  if (loopOver(link) === undefined) links.remove(link);
}
