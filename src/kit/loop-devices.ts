import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** A loop device that has a backing file, as the kernel describes it. */
export interface LoopDevice {
  /** `loop3` */
  readonly name: string;
  /** `/dev/loop3` */
  readonly device: string;
  /** As the kernel resolves it now; ` (deleted)` at its end when the file has no name any more. */
  readonly backingFile: string;
  /** Bytes of the backing file before the device begins. */
  readonly offset: bigint;
  /** Bytes of the device. */
  readonly size: bigint;
  readonly readOnly: boolean;
}

const SYS_BLOCK = "/sys/block";
const SECTOR = 512n;

/**
 * All loop devices in use. Read synchronously on purpose: these are kernel memory, never a disk, and one pass over
 * them must not interleave with a change of ours.
 */
export function listLoopDevices(sysBlock = SYS_BLOCK): LoopDevice[] {
  return readdirSync(sysBlock).flatMap((name) =>
    name.startsWith("loop") ? (readLoopDevice(name, sysBlock) ?? []) : [],
  );
}

/** One loop device by its name, or undefined while it has no backing file. */
export function readLoopDevice(name: string, sysBlock = SYS_BLOCK): LoopDevice | undefined {
  // Most devices are free: asking for their directory is cheaper than failing to read in it.
  if (statSync(join(sysBlock, name, "loop"), { throwIfNoEntry: false }) === undefined) return undefined;
  const attribute = (path: string) => readFileSync(join(sysBlock, name, path), "utf8").trimEnd();
  try {
    return {
      name,
      device: `/dev/${name}`,
      backingFile: attribute("loop/backing_file"),
      offset: BigInt(attribute("loop/offset")),
      size: BigInt(attribute("size")) * SECTOR,
      readOnly: attribute("ro") === "1",
    };
  } catch {
    // It was freed while it was read.
    return undefined;
  }
}
