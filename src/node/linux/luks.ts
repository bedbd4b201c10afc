import { basename, join } from "node:path";
import { isClaimed } from "../../kit/claimed-device.ts";
import { StatusError } from "../../kit/errors.ts";
import { readMountTable } from "../../kit/mount-table.ts";
import { failed } from "../../kit/run.ts";
import type { Encryption } from "../encryption.ts";
import type { Disk } from "../guest.ts";
import { isGone, sizeOf } from "./block-devices.ts";
import { markUsed, readHeader, withPassphrase, writeHeader } from "./luks-header.ts";
import { findMapper, isOfHeader, mapperName, requireDeviceMapper, type Mapper } from "./mapper.ts";
import { mountInfo, type Roots } from "./this-vm.ts";
import { runWriterAny } from "./tools.ts";

/** LUKS2 by cryptsetup. What is unlocked is read from sysfs, never remembered. */
export function luks(roots: Roots): Encryption {
  return {
    requireMapper: () => {
      requireDeviceMapper(roots);
    },
    initialise: writeHeader,
    markUsed,
    unlock: async (disk, passphrase) => {
      const header = await readHeader(disk);
      const volume = withOrigin(disk.volumeId, header.uuid);
      const left = findMapper(disk.volumeId, roots);
      if (left !== undefined && !(await isHeld(left, roots))) await close(left);
      else if (left !== undefined) {
        requireSameDisk(left, disk, header.uuid, roots);
        // It is mounted, so this volume was unlocked with its passphrase; whoever asks now must know it, too.
        await withPassphrase(["open", "--test-passphrase", "--key-file=-", disk.device], passphrase, volume);
        return { ...mapped(disk, left, roots), neverUsed: header.neverUsed };
      }
      const readOnly = disk.readOnly ? ["--readonly"] : [];
      const names = [disk.device, mapperName(disk.volumeId)];
      const args = ["open", "--type", "luks2", "--key-file=-", ...readOnly, ...names];
      await withPassphrase(args, passphrase, volume);
      const made = findMapper(disk.volumeId, roots);
      if (made === undefined) {
        throw new StatusError("INTERNAL", `volume ${disk.volumeId} was unlocked and has no mapper`);
      }
      requireSameDisk(made, disk, header.uuid, roots);
      return { ...mapped(disk, made, roots), neverUsed: header.neverUsed };
    },
    unlocked: (disk) => {
      const mapper = findMapper(disk.volumeId, roots);
      if (mapper === undefined) {
        throw new StatusError(
          "FAILED_PRECONDITION",
          `volume ${disk.volumeId} is not unlocked: stage it first`,
        );
      }
      requireSameDisk(mapper, disk, undefined, roots);
      return mapped(disk, mapper, roots);
    },
    grow: async (volumeId, passphrase) => {
      const mapper = findMapper(volumeId, roots);
      if (mapper === undefined) return;
      if (passphrase === undefined || passphrase === "") {
        throw new StatusError(
          "INVALID_ARGUMENT",
          `volume ${volumeId} is encrypted: to expand it the node needs its passphrase, so that the StorageClass ` +
            "must name a secret for node expansion",
        );
      }
      await withPassphrase(["resize", "--key-file=-", mapper.name], passphrase, volumeId);
    },
    lock: async (volumeId) => {
      const mapper = findMapper(volumeId, roots);
      if (mapper !== undefined && !(await isHeld(mapper, roots))) await close(mapper);
    },
  };
}

/** A volume as errors name it: of a copy, whose header is its original's, with that. */
function withOrigin(volumeId: string, headerUuid: string): string {
  if (headerUuid === volumeId) return volumeId;
  return `${volumeId}, whose header is that of ${headerUuid}: a copy opens with its original's passphrase`;
}

/** The unlocked disk. It is bound as long as the disk below it is. */
function mapped(disk: Disk, { name, kernelName }: Mapper, roots: Roots): Disk {
  return { ...disk, device: join(roots.dev, "mapper", name), size: sizeOf(kernelName, roots) };
}

/** @throws StatusError FAILED_PRECONDITION for a mapper over a disk that is gone, or over another one */
function requireSameDisk(mapper: Mapper, disk: Disk, headerUuid: string | undefined, roots: Roots): void {
  const [below, ...others] = mapper.disks;
  const same = below === basename(disk.device) && others.length === 0 && !isGone(below, roots);
  if (same && (headerUuid === undefined || isOfHeader(mapper, headerUuid))) return;
  throw new StatusError(
    "FAILED_PRECONDITION",
    `volume ${disk.volumeId} was unlocked from another disk (${mapper.name} over ${mapper.disks.join(", ") || "none"}) ` +
      `and is still in use: unmount it, then run cryptsetup close ${mapper.name}`,
  );
}

/** True while the mapper is mounted, in any namespace, or shown as a raw block volume. */
async function isHeld({ name, kernelName }: Mapper, roots: Roots): Promise<boolean> {
  if (await isClaimed(join(roots.dev, kernelName))) return true;
  const nodes = [`/${kernelName}`, `/mapper/${name}`];
  const mounts = await readMountTable(mountInfo(roots));
  return mounts.some(({ fsType, root }) => fsType === "devtmpfs" && nodes.includes(root));
}

async function close({ name }: Mapper): Promise<void> {
  const args = ["close", name];
  const result = await runWriterAny("cryptsetup", args);
  if (result.exitCode === 0) return;
  throw new StatusError("FAILED_PRECONDITION", failed("cryptsetup", args, result).message);
}
