import { StatusError } from "../kit/errors.ts";
import type { FileSystem } from "./volume-capability.ts";

/** How a file system is made; what is not set is left to its mkfs. */
export interface FormatOptions {
  /** Bytes of a block. */
  readonly blockSize?: number;
  /** Bytes of an inode. */
  readonly inodeSize?: number;
  /** Percent of the blocks that only root gets. */
  readonly reservedBlocksPercentage?: number;
}

/** The names that StorageClasses and volume contexts give the options. */
export const formatOptionNames = {
  blockSize: "fsBlockSize",
  inodeSize: "fsInodeSize",
  reservedBlocksPercentage: "fsReservedBlocksPercentage",
} as const satisfies Record<keyof Required<FormatOptions>, string>;

const options = Object.keys(formatOptionNames) as (keyof FormatOptions)[];

/**
 * The values that mkfs takes and every kernel mounts: on Linux a block is no larger than the smallest page, 4096 bytes. Inode
 * sizes also depend on the block, see {@link checkFormatOptions}.
 */
const allowed: Readonly<Record<FileSystem, { readonly [Option in keyof Required<FormatOptions>]: Values }>> =
  {
    ext4: {
      blockSize: [1024, 2048, 4096],
      inodeSize: [128, 256, 512, 1024, 2048],
      reservedBlocksPercentage: { from: 0, to: 50 },
    },
    xfs: { blockSize: [1024, 2048, 4096], inodeSize: [512, 1024, 2048], reservedBlocksPercentage: [] },
    btrfs: { blockSize: [4096], inodeSize: [], reservedBlocksPercentage: [] },
    // Format-Volume, -AllocationUnitSize: what all versions of Windows take.
    ntfs: {
      blockSize: [512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536],
      inodeSize: [],
      reservedBlocksPercentage: [],
    },
    refs: { blockSize: [4096, 65_536], inodeSize: [], reservedBlocksPercentage: [] },
  };

type Values = readonly number[] | { readonly from: number; readonly to: number };

/** Block size of a file system that nobody gave one; both take smaller ones for tiny disks at most. */
const USUAL_BLOCK = 4096;

/** Reads the options among texts by name. @throws StatusError INVALID_ARGUMENT for one that is no whole number */
export function readFormatOptions(texts: Readonly<Record<string, string>>): FormatOptions {
  const entries = options.flatMap((option) => {
    const name = formatOptionNames[option];
    const text = texts[name];
    if (text === undefined) return [];
    if (/^(0|[1-9]\d{0,5})$/.test(text)) return [[option, Number(text)] as const];
    throw invalid(`${name} ${JSON.stringify(text.slice(0, 64))} is not a whole number`);
  });
  return Object.fromEntries(entries);
}

/** The options as texts by name. */
export function writeFormatOptions(format: FormatOptions): Record<string, string> {
  return Object.fromEntries(
    options.flatMap((option) => {
      const value = format[option];
      return value === undefined ? [] : [[formatOptionNames[option], String(value)] as const];
    }),
  );
}

/** @throws StatusError INVALID_ARGUMENT for an option that a file system has not, or a value that it can't take */
export function checkFormatOptions(fsType: FileSystem, format: FormatOptions): void {
  for (const option of options) {
    const value = format[option];
    if (value === undefined) continue;
    const values = allowed[fsType][option];
    if (includes(values, value)) continue;
    const name = formatOptionNames[option];
    throw invalid(
      textOf(values) === ""
        ? `${name} is not for ${fsType}: that has no such option`
        : `${name} ${value} is not for ${fsType}: there it is ${textOf(values)}`,
    );
  }
  const { blockSize = USUAL_BLOCK, inodeSize = 0 } = format;
  // XFS has at least two inodes in a block (mkfs.xfs(8)), ext4 one (mke2fs(8)).
  const largest = fsType === "xfs" ? blockSize / 2 : blockSize;
  if (inodeSize > largest) {
    throw invalid(
      `${formatOptionNames.inodeSize} ${inodeSize} is too large for ${fsType} with blocks of ${blockSize} bytes: at most ${largest}`,
    );
  }
}

function includes(values: Values, value: number): boolean {
  return "from" in values ? value >= values.from && value <= values.to : values.includes(value);
}

function textOf(values: Values): string {
  return "from" in values ? `${values.from} to ${values.to}` : values.join(", ");
}

function invalid(message: string): StatusError {
  return new StatusError("INVALID_ARGUMENT", message);
}
