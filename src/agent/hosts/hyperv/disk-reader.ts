import { hasErrno, isNotFound } from "../../../kit/errors.ts";
import { TiB } from "../../../kit/sizes.ts";
import { readIdentity } from "../../../vhdx/index.ts";
import type { DiskFacts, DiskFile, DiskReader } from "../host.ts";
import type { HypervParts } from "./parts.ts";
import type { DiskInfo } from "./protocol.ts";
import type { Seen, SeenDrive } from "./seen.ts";

/** Hyper-V gives a block table that is too small another place: all that limits growth is the format. */
const LARGEST_DISK = 64n * TiB;

/**
 * Reads disks as of one look at the host, taken when the first is asked for. The file of a disk that a VM has is never
 * opened, also while the VM is off: an open file would keep the VM from starting.
 */
export function diskReader({
  survey,
  workers,
  log,
}: Pick<HypervParts, "survey" | "workers" | "log">): DiskReader {
  let looking: Promise<Seen> | undefined;
  let searching: Promise<Seen> | undefined;
  const find = async (volumeId: string) => (await (looking ??= survey.look())).drivesOf(volumeId)[0];
  const askedFor = async ({ volumeId, path }: DiskFile): Promise<DiskFacts | undefined> => {
    const found = await find(volumeId);
    if (found === undefined) return undefined;
    const where = whereOf(found, path);
    try {
      return factsOf(await workers.read("diskInfo", where));
    } catch (error) {
      // Another host than that of its VM can't read it: the VM may have moved, or its disk.
      looking = survey.look(true);
      const late = await find(volumeId);
      if (late === undefined) return undefined;
      const now = whereOf(late, path);
      if (now.host === where.host && now.path === where.path) throw error;
      return factsOf(await workers.read("diskInfo", now));
    }
  };
  return async (disk) => {
    const facts = await askedFor(disk);
    if (facts !== undefined) return facts;
    try {
      return await readIdentity(disk.path);
    } catch (error) {
      // Windows says EBUSY for a sharing violation: a VM may have got it since the look. One that is gone may have been
      // moved while a VM has it.
      if (hasErrno(error, "EBUSY")) looking = survey.look();
      else if (isNotFound(error)) looking = searching ??= survey.lookAtStrangers(log, true);
      else throw error;
      const late = await askedFor(disk);
      if (late === undefined) throw error;
      return late;
    }
  };
}

/** A chain is asked for at its base, which is the disk itself; where it can't be read, the file that the volume had. */
function whereOf({ vm, drive }: SeenDrive, path: string): { host: string; path: string } {
  return { host: vm.host, path: drive.basePath ?? path };
}

function factsOf({ virtualDiskId, type, size, blockSize }: DiskInfo): DiskFacts {
  return {
    virtualDiskId,
    type,
    virtualSize: BigInt(size),
    // Hyper-V tells none of a fixed disk.
    blockSize: blockSize === 0 ? undefined : blockSize,
    maximumSize: LARGEST_DISK,
    creator: "",
  };
}
