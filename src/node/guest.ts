import type { DiskAddress } from "../agent-client/disk-address.ts";
import type { CsiCall } from "../csi/rpc.ts";
import type { FormatOptions } from "../csi/format-options.ts";
import type { FileSystem, VolumeUse } from "../csi/volume-capability.ts";
import type { Encryption, UnlockedDisk } from "./encryption.ts";
import type { PathRules } from "./path-rules.ts";

/** A disk whose identity was proven. It stays bound to its device until it is released. */
export interface Disk {
  readonly volumeId: string;
  readonly device: string;
  /** Bytes. */
  readonly size: bigint;
  readonly readOnly: boolean;
  release(): Promise<void>;
}

/** What is on a disk. Blank is proven; everything that is neither is left alone. */
export type DiskContent =
  | { readonly kind: "blank" }
  | { readonly kind: "file system"; readonly fsType: string }
  | { readonly kind: "encrypted" }
  | { readonly kind: "unknown"; readonly what: string };

/** What a staging or target path is at present, asked about one volume. */
export type PathState =
  | { readonly kind: "absent" | "empty directory" | "empty file" }
  | { readonly kind: "occupied"; readonly what: string }
  | {
      readonly kind: "mounted";
      /** True when what is mounted or bound here is the disk of the volume that was asked about. */
      readonly isVolume: boolean;
      readonly device: string;
      /** True when the machine has lost the device, as when a disk was pulled from under its mount. */
      readonly deviceIsGone: boolean;
      readonly fsType: string;
      /** Undefined where the path itself has no mode, because the system has none for it. */
      readonly readOnly: boolean | undefined;
      /** That of all its files; "" when each has its own, undefined where the kernel has no SELinux. */
      readonly seLinuxLabel: string | undefined;
      /** "block" when the path is the device itself. */
      readonly access: "mount" | "block";
    };

export interface Usage {
  readonly total: bigint;
  readonly used: bigint;
  readonly available: bigint;
}

/** Something that is wrong with a volume at a path. */
export interface HealthSign {
  readonly kind:
    | "not-mounted"
    | "other-disk"
    | "disk-gone"
    | "disk-offline"
    | "disk-cut-off"
    | "disk-errors"
    | "read-only"
    | "errors"
    | "hangs"
    | "fails";
  /** For people. */
  readonly message: string;
}

/** Something that is wrong with the VM's way to all volumes. */
export interface StorageSign {
  readonly kind:
    | "no-controller"
    | "no-scsi-host"
    | "no-loop-devices"
    | "no-mount-programs"
    | "mounts-not-shared"
    | "no-storage-service"
    | "controller-without-host"
    | "scsi-host-not-running"
    | "no-file-system-programs";
  /** For people. */
  readonly message: string;
}

/** How long a caller waits. */
export type Patience = Pick<CsiCall, "signal" | "deadline">;

/** What the operating system of the VM does for the node plugin. Every failure is a StatusError. */
export interface Guest {
  readonly paths: PathRules;
  /** What it can make and mount; the default first. */
  readonly fileSystems: readonly [FileSystem, ...FileSystem[]];
  /** @throws INVALID_ARGUMENT for a use of volumes that this system does not have */
  requireUse(use: VolumeUse): void;
  /**
   * Waits for a disk as long as the caller does.
   * @throws UNAVAILABLE when it has not appeared, FAILED_PRECONDITION when it is another one.
   */
  findDisk(address: DiskAddress, volumeId: string, patience: Patience): Promise<Disk>;
  /**
   * Lets the kernel forget the disk of a volume that nothing uses any more, so that the host pulls out nothing that is
   * still in use. A disk that is not there, or dead, is success.
   * @throws FAILED_PRECONDITION when something uses it, or when it is not proven to be the volume.
   */
  letGo(volumeId: string): Promise<void>;
  /**
   * Readies a disk that was found for use, on a system that keeps new disks from being used. It is not written to.
   * @throws FAILED_PRECONDITION when it stays read-only and is not to be
   */
  wake(disk: Disk, readOnly: boolean): Promise<void>;
  contentOf(disk: Disk): Promise<DiskContent>;
  /** Makes a file system on a disk that is proven blank. */
  format(disk: Disk, fsType: FileSystem, options: FormatOptions): Promise<void>;
  /** Makes a file system on an unlocked disk that was never used, whatever an attempt that was cut off left in it. */
  formatUnlocked(disk: UnlockedDisk, fsType: FileSystem, options: FormatOptions): Promise<void>;
  readonly encryption: Encryption;
  /**
   * Checks a file system that lies on the disk already, before it is mounted writable, and mends what can be mended
   * without losing anything. @throws FAILED_PRECONDITION when it needs a person
   */
  checkBeforeMount(disk: Disk, fsType: FileSystem): Promise<void>;
  stateOf(path: string, volumeId: string): Promise<PathState>;
  /** Paths other than the given ones at which the disk is mounted or bound, as far as this process sees mounts. */
  shownElsewhere(disk: Disk, known: readonly string[]): Promise<readonly string[]>;
  /** Mounts the disk on an absent or empty directory. When it fails, nothing is left mounted there. */
  mountDisk(disk: Disk, fsType: FileSystem, path: string, options: readonly string[]): Promise<void>;
  /** Shows a staged directory at another path. */
  bindDirectory(source: string, target: string, readOnly: boolean): Promise<void>;
  /** Makes read-only what a path shows writable of a staged directory, as a call leaves it that is killed midway. */
  makeReadOnly(path: string): Promise<void>;
  /** Shows the device itself at a path. */
  bindDevice(disk: Disk, target: string): Promise<void>;
  /** Unmounts whatever is mounted at a path; the path itself stays. */
  unmount(path: string): Promise<void>;
  /** Removes an empty directory or file that a mount was on. */
  removeMountPoint(path: string): Promise<void>;
  /**
   * Grows the file system mounted at a path to its disk when it is smaller, and returns the disk's bytes.
   * @throws FAILED_PRECONDITION when this process may not grow it while it is mounted.
   */
  growMounted(path: string): Promise<bigint>;
  /** True when the file system on a disk that is not mounted leaves some of it unused. */
  isSmallerThanDisk(disk: Disk, fsType: FileSystem): Promise<boolean>;
  /** Grows a file system that is not mounted. Only for those that can't grow while mounted. */
  growUnmounted(disk: Disk): Promise<void>;
  /** What is wrong with a volume at a path; nothing when it is sound there. It never waits long. */
  signsAt(path: string, volumeId: string): Promise<readonly HealthSign[]>;
  /** What is wrong with the VM's way to all volumes. It waits for nothing. */
  storageSigns(): Promise<readonly StorageSign[]>;
  /** Bytes of the device at a path. */
  deviceSize(path: string): Promise<bigint>;
  /** Bytes of the disk at a path, which is asked anew: the host may have grown it. */
  currentDiskSize(path: string): Promise<bigint>;
  usage(path: string): Promise<{ readonly bytes: Usage; readonly inodes: Usage }>;
}
