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
  return [...backingFiles(sysBlock).keys()].flatMap((name) => readLoopDevice(name, sysBlock) ?? []);
}

/** Backing files by the names of their devices: a quarter of the reads of a whole list. */
export function backingFiles(sysBlock = SYS_BLOCK): Map<string, string> {
  const files = new Map<string, string>();
  for (const name of readdirSync(sysBlock)) {
    const file = name.startsWith("loop") ? backingFileOf(name, sysBlock) : undefined;
    if (file !== undefined) files.set(name, file);
  }
  return files;
}

/** The device that each file was found on last, to be looked at first: a look at all of them costs a hundred calls. */
const lastFound = new Map<string, string>();
const MOST_REMEMBERED = 1000;

/** The name of the loop device over a file, or undefined. */
export function loopOver(backingFile: string, sysBlock = SYS_BLOCK): string | undefined {
  const last = lastFound.get(backingFile);
  if (last !== undefined && backingFileOf(last, sysBlock) === backingFile) return last;
  lastFound.delete(backingFile);
  const name = [...backingFiles(sysBlock)].find(([, file]) => file === backingFile)?.[0];
  if (name === undefined) return undefined;
  if (lastFound.size >= MOST_REMEMBERED) lastFound.clear();
  lastFound.set(backingFile, name);
  return name;
}

/** One loop device by its name, or undefined while it has no backing file. */
export function readLoopDevice(name: string, sysBlock = SYS_BLOCK): LoopDevice | undefined {
  const backingFile = backingFileOf(name, sysBlock);
  if (backingFile === undefined) return undefined;
  try {
    return {
      name,
      device: `/dev/${name}`,
      backingFile,
      offset: BigInt(attribute(sysBlock, name, "loop/offset")),
      size: BigInt(attribute(sysBlock, name, "size")) * SECTOR,
      readOnly: attribute(sysBlock, name, "ro") === "1",
    };
  } catch {
    // It was freed while it was read.
    return undefined;
  }
}

/** What a loop device is over, which is a quarter of the reads of all that is told of it; undefined while it is free. */
export function backingFileOf(name: string, sysBlock = SYS_BLOCK): string | undefined {
  // Most devices are free: asking for their directory is cheaper than failing to read in it.
  if (statSync(join(sysBlock, name, "loop"), { throwIfNoEntry: false }) === undefined) return undefined;
  try {
    return attribute(sysBlock, name, "loop/backing_file");
  } catch {
    return undefined;
  }
}

function attribute(sysBlock: string, name: string, path: string): string {
  return readFileSync(join(sysBlock, name, path), "utf8").trimEnd();
}
