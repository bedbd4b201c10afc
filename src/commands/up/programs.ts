/** Programs that the local host and the node plugin run, and the Debian packages that bring them. */
export const runtimePrograms: Readonly<Record<string, string>> = {
  losetup: "mount",
  mount: "mount",
  umount: "mount",
  flock: "util-linux",
  blkid: "util-linux",
  "mkfs.ext4": "e2fsprogs",
  e2fsck: "e2fsprogs",
  resize2fs: "e2fsprogs",
  "mkfs.xfs": "xfsprogs",
  xfs_growfs: "xfsprogs",
  xfs_repair: "xfsprogs",
  "mkfs.btrfs": "btrfs-progs",
  btrfs: "btrfs-progs",
  cryptsetup: "cryptsetup-bin",
};
