import { statfs } from "node:fs/promises";
import { basename } from "node:path";
import { StatusError } from "../../kit/errors.ts";
import { readLoopDevice } from "../../kit/loop-devices.ts";
import type { Guest, Usage } from "../guest.ts";
import { contentOf } from "./content.ts";
import { format } from "./format.ts";
import { growMounted, growUnmounted, isSmaller } from "./growth.ts";
import { findLoopDisk } from "./loop-disk.ts";
import {
  bindDevice,
  bindDirectory,
  mountAt,
  mountDevice,
  removeMountPoint,
  stateOf,
  unmount,
} from "./mounts.ts";

/** The Linux VM with this id. */
export function linuxGuest(vmId: string): Guest {
  return {
    findDisk: async (address, volumeId) => {
      if (address.kind === "loop") return await findLoopDisk(address, vmId, volumeId);
      throw new StatusError("UNIMPLEMENTED", "this node can't find disks on a Hyper-V SCSI controller yet");
    },
    contentOf,
    format,
    stateOf: (path) => stateOf(path, vmId),
    mountDisk: (disk, fsType, path, options) => mountDevice(disk.device, fsType, path, options),
    bindDirectory,
    bindDevice: (disk, target) => bindDevice(disk.device, target),
    unmount,
    removeMountPoint,
    growMounted: async (path) => {
      const mount = await mountAt(path);
      if (mount === undefined) throw new StatusError("NOT_FOUND", `nothing is mounted on ${path}`);
      const size = sizeOf(mount.source);
      await growMounted(mount, size);
      return size;
    },
    isSmallerThanDisk: (disk, fsType) => isSmaller(disk.device, disk.size, fsType),
    growUnmounted,
    deviceSize: async (path) => {
      const state = await stateOf(path, vmId);
      if (state.kind !== "mounted") throw new StatusError("NOT_FOUND", `nothing is mounted on ${path}`);
      return sizeOf(state.device);
    },
    usage: async (path) => {
      const { bsize, blocks, bfree, bavail, files, ffree } = await statfs(path, { bigint: true });
      const bytes: Usage = {
        total: blocks * bsize,
        used: (blocks - bfree) * bsize,
        available: bavail * bsize,
      };
      return { bytes, inodes: { total: files, used: files - ffree, available: ffree } };
    },
  };
}

function sizeOf(device: string): bigint {
  const loop = readLoopDevice(basename(device));
  if (loop !== undefined) return loop.size;
  throw new StatusError("UNAVAILABLE", `${device} is gone`);
}
