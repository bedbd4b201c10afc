import { checkFormatOptions, type FormatOptions } from "../../csi/format-options.ts";
import type { LinuxFileSystem } from "../../csi/volume-capability.ts";
import { StatusError } from "../../kit/errors.ts";
import type { UnlockedDisk } from "../encryption.ts";
import type { Disk } from "../guest.ts";
import { useBlankProof } from "./blank-proof.ts";
import { runWriter, type Writer } from "./tools.ts";

/**
 * None is told to overwrite what it finds. mkfs.ext4 would ask a person whether a whole disk is meant: -F answers
 * that, and still refuses a disk in use. None discards first: a blank disk holds nothing to give back, and what a discard
 * takes no tool recovers. Unless asked for, no blocks are reserved for root: pods are the only users.
 */
const makers: Readonly<
  Record<LinuxFileSystem, (options: FormatOptions) => [program: Writer, ...args: string[]]>
> = {
  ext4: ({ blockSize, inodeSize, reservedBlocksPercentage = 0 }) => [
    "mkfs.ext4",
    "-q",
    "-F",
    ...["-E", "nodiscard"],
    ...["-m", String(reservedBlocksPercentage)],
    ...(blockSize === undefined ? [] : ["-b", String(blockSize)]),
    ...(inodeSize === undefined ? [] : ["-I", String(inodeSize)]),
  ],
  xfs: ({ blockSize, inodeSize }) => [
    "mkfs.xfs",
    "-q",
    "-K",
    ...(blockSize === undefined ? [] : ["-b", `size=${blockSize}`]),
    ...(inodeSize === undefined ? [] : ["-i", `size=${inodeSize}`]),
  ],
  btrfs: ({ blockSize }) => [
    "mkfs.btrfs",
    "--quiet",
    "--nodiscard",
    ...(blockSize === undefined ? [] : ["--sectorsize", String(blockSize)]),
  ],
};

/**
 * Makes a file system on a disk that was proven blank. Its ends count as they were read a moment ago, for the probe of
 * the same call; else they are read again.
 * @throws StatusError INVALID_ARGUMENT for options that it can't have
 */
export async function format(disk: Disk, fsType: LinuxFileSystem, options: FormatOptions): Promise<void> {
  checkFormatOptions(fsType, options);
  if (!(await useBlankProof(disk))) {
    throw new StatusError("FAILED_PRECONDITION", `${disk.device} is not blank: it was not formatted`);
  }
  const [program, ...args] = makers[fsType](options);
  await runWriter(program, [...args, disk.device]);
}

/** What lets a maker write over what it finds. For ext4 it stands in {@link makers}, where it means something else. */
const overwrite: Readonly<Record<LinuxFileSystem, readonly string[]>> = {
  ext4: [],
  xfs: ["-f"],
  btrfs: ["--force"],
};

/**
 * Makes a file system on an unlocked disk whose own header says that none was ever finished in it. It can't be proven
 * blank: what was never written reads as noise, and an attempt that was cut off leaves half a file system.
 */
export async function formatUnlocked(
  disk: UnlockedDisk,
  fsType: LinuxFileSystem,
  options: FormatOptions,
): Promise<void> {
  checkFormatOptions(fsType, options);
  if (!disk.neverUsed) {
    throw new StatusError("FAILED_PRECONDITION", `${disk.device} was in use before: it was not formatted`);
  }
  const [program, ...args] = makers[fsType](options);
  await runWriter(program, [...args, ...overwrite[fsType], disk.device]);
}
