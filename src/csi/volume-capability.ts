import { StatusError } from "../kit/errors.ts";
import { MiB } from "../kit/sizes.ts";
import type { VolumeCapability__Output } from "./generated/csi/v1/VolumeCapability.ts";

/** File systems that nodes can make and mount; of each kind of node the default first. */
export const linuxFileSystems = ["ext4", "xfs", "btrfs"] as const;
export const windowsFileSystems = ["ntfs", "refs"] as const;
export const fileSystems = [...linuxFileSystems, ...windowsFileSystems] as const;
export type LinuxFileSystem = (typeof linuxFileSystems)[number];
export type WindowsFileSystem = (typeof windowsFileSystems)[number];
export type FileSystem = (typeof fileSystems)[number];

/** Bytes below which the current mkfs of each refuses a disk, in whole blocks; on Windows the reserved partition needs 16 MiB. */
export const smallestFileSystem: Readonly<Record<FileSystem, bigint>> = {
  ext4: 0n,
  xfs: 300n * MiB,
  btrfs: 128n * MiB,
  ntfs: 32n * MiB,
  // Windows documents no number, and refuses by itself.
  refs: 0n,
};

/** How a volume is to be used, checked. */
export type VolumeUse = {
  readonly readOnlyMode: boolean;
  /** At most one path of the node may show the volume. */
  readonly singleWriter: boolean;
} & (
  | { readonly access: "block" }
  | {
      readonly access: "mount";
      /** Undefined when the request leaves it to the volume's parameters. */
      readonly fsType: FileSystem | undefined;
      readonly mountFlags: readonly string[];
    }
);

const supportedModes = [
  "SINGLE_NODE_WRITER",
  "SINGLE_NODE_READER_ONLY",
  "SINGLE_NODE_SINGLE_WRITER",
  "SINGLE_NODE_MULTI_WRITER",
];

/**
 * Reads a volume capability.
 * @throws StatusError INVALID_ARGUMENT naming what is missing or unknown, or an access mode this driver has not.
 */
export function readCapability(capability: VolumeCapability__Output | null): VolumeUse {
  if (capability === null) throw invalid("volume_capability is missing");
  const mode = capability.access_mode?.mode ?? "UNKNOWN";
  if (mode === "UNKNOWN") throw invalid("volume_capability.access_mode is missing");
  if (!supportedModes.includes(mode)) {
    throw invalid(
      `access mode ${mode} is not supported: a volume is a VHDX, which one VM has at a time, to read it too; ` +
        `there are ${supportedModes.join(", ")}`,
    );
  }
  const readOnlyMode = mode === "SINGLE_NODE_READER_ONLY";
  const singleWriter = mode === "SINGLE_NODE_SINGLE_WRITER";
  if (capability.block) return { access: "block", readOnlyMode, singleWriter };
  if (!capability.mount) throw invalid("volume_capability.access_type is missing");
  const { fs_type: fsType, mount_flags: mountFlags, volume_mount_group: mountGroup } = capability.mount;
  if (mountGroup !== "") throw invalid("volume_mount_group is not supported: kubelet applies fsGroup itself");
  return {
    access: "mount",
    readOnlyMode,
    singleWriter,
    fsType: fsType === "" ? undefined : readFileSystem(fsType),
    mountFlags,
  };
}

/** Reads the capabilities of a volume to be; at least one. @throws StatusError as {@link readCapability} */
export function readCapabilities(capabilities: readonly VolumeCapability__Output[]): VolumeUse[] {
  if (capabilities.length === 0) throw invalid("volume_capabilities is missing");
  return capabilities.map(readCapability);
}

/** True for the name of a file system that a node can make and mount. */
export function isFileSystem(name: string): name is FileSystem {
  return fileSystems.some((fileSystem) => fileSystem === name);
}

/** @throws StatusError INVALID_ARGUMENT */
export function readFileSystem(name: string): FileSystem {
  if (isFileSystem(name)) return name;
  throw invalid(
    `file system ${JSON.stringify(name.slice(0, 64))} is not supported; there are ${fileSystems.join(", ")}`,
  );
}

function invalid(message: string): StatusError {
  return new StatusError("INVALID_ARGUMENT", message);
}
