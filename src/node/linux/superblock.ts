import { open } from "node:fs/promises";
import type { LinuxFileSystem } from "../../csi/volume-capability.ts";
import { StatusError } from "../../kit/errors.ts";
import { MiB } from "../../kit/sizes.ts";

/** Where a file system's primary superblock says how large it is. */
interface Layout {
  /** Byte of the disk at which the superblock begins. */
  readonly at: number;
  readonly length: number;
  readonly magic: { readonly at: number; readonly bytes: Buffer };
  readonly size: (superblock: Buffer) => bigint;
}

const layouts: Readonly<Record<LinuxFileSystem, Layout>> = {
  // ext4 disk layout: s_blocks_count_lo, s_log_block_size, s_feature_incompat (64BIT), s_blocks_count_hi
  ext4: {
    at: 1024,
    length: 1024,
    magic: { at: 0x38, bytes: Buffer.from([0x53, 0xef]) },
    size: (block) => {
      const wide = (block.readUInt32LE(0x60) & 0x80) !== 0;
      const high = wide ? BigInt(block.readUInt32LE(0x150)) << 32n : 0n;
      return (high | BigInt(block.readUInt32LE(0x4))) << BigInt(10 + block.readUInt32LE(0x18));
    },
  },
  // XFS on-disk format: sb_blocksize, sb_dblocks, big-endian
  xfs: {
    at: 0,
    length: 512,
    magic: { at: 0, bytes: Buffer.from("XFSB") },
    size: (block) => BigInt(block.readUInt32BE(4)) * block.readBigUInt64BE(8),
  },
  // btrfs on-disk format: total_bytes
  btrfs: {
    at: 64 * 1024,
    length: 4096,
    magic: { at: 0x40, bytes: Buffer.from("_BHRfS_M") },
    size: (block) => block.readBigUInt64LE(0x70),
  },
};

/** Bytes that a file system takes of its disk. @throws StatusError FAILED_PRECONDITION when it is not there. */
export async function fileSystemSize(device: string, fsType: LinuxFileSystem): Promise<bigint> {
  const layout = layouts[fsType];
  const block = Buffer.alloc(layout.length);
  const file = await open(device, "r");
  try {
    await file.read(block, 0, layout.length, layout.at);
  } finally {
    await file.close();
  }
  const { at, bytes } = layout.magic;
  if (!block.subarray(at, at + bytes.length).equals(bytes)) {
    throw new StatusError("FAILED_PRECONDITION", `${device} has no ${fsType} superblock`);
  }
  return layout.size(block);
}

/**
 * Bytes at the end of a disk that a file system can leave unused at its largest: it takes whole blocks or groups
 * only, so equality would never be reached.
 */
export const UNUSABLE_TAIL: Readonly<Record<LinuxFileSystem, bigint>> = {
  // A last group too small for its own inode table.
  ext4: 4n * MiB,
  // An allocation group too small to be one (XFS_MIN_AG_BLOCKS).
  xfs: MiB,
  btrfs: MiB,
};
