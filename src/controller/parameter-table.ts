/** A parameter of a StorageClass, as its reference tells it. */
export interface Parameter {
  readonly values: string;
  readonly meaning: string;
}

/** All parameters there are, by name. */
export const parameterTable = {
  diskType: {
    values: "`fixed`, `dynamic`",
    meaning: "Kind of VHDX. Default: what the host takes first. The local host has `fixed` only.",
  },
  diskBlockSize: {
    values: "bytes, a power of two from `1Mi` to `256Mi`",
    meaning:
      "Block of the VHDX; sizes are whole blocks, and smaller blocks than `32Mi` bound the size at 1048576 of them. Default: `2Mi`, and `32Mi` from 1 TiB on.",
  },
  pool: {
    values: "a pool's name",
    meaning:
      "Where the disk lies. Default: the pool with most room; for a copy its source's, while that has room.",
  },
  "csi.storage.k8s.io/fstype": {
    values: "`ext4`, `xfs`, `btrfs`; for Windows nodes `ntfs`, `refs`",
    meaning: "File system that a blank disk gets. Default: `ext4`, on Windows nodes `ntfs`.",
  },
  fsBlockSize: {
    values:
      "ext4, xfs: `1024`, `2048`, `4096`; btrfs: `4096`; ntfs: a power of two from `512` to `65536`; refs: `4096`, `65536`",
    meaning: "Bytes of a file system block (btrfs: sector). Default: that of mkfs.",
  },
  fsInodeSize: {
    values:
      "ext4: a power of two from `128` to `2048`, not above the block; xfs: from `512` to `2048`, not above half the block",
    meaning: "Bytes of an inode. Default: that of mkfs. Not for btrfs.",
  },
  fsReservedBlocksPercentage: {
    values: "ext4: `0` to `50`",
    meaning: "Percent of the blocks that only root gets. Default: `0`. Not for xfs and btrfs.",
  },
  nameTemplate: {
    values: "text with `${pvc.name}`, `${pvc.namespace}`, `${pv.name}`",
    meaning:
      "Names the volume's file, `<text>;<volume id>.vhdx`. At most 128 bytes without `< > : \" / \\ | ? * ;`. Default: the name that the provisioner gives the volume.",
  },
  labels: {
    values: "`KEY=VALUE`, several with commas between; values may have what `nameTemplate` may",
    meaning: "Labels of the volume, as the agent's API and `hyperv-csi volume` show them.",
  },
  encryption: {
    values: "`luks2`",
    meaning:
      "The node encrypts the disk; a raw block volume shows what is inside. Adds 16 MiB to the smallest size. Default: none.",
  },
} as const satisfies Record<string, Parameter>;

export const parameterNames = Object.keys(parameterTable);
