import { StatusError } from "../kit/errors.ts";
import { type FormatOptions, readFormatOptions, writeFormatOptions } from "./format-options.ts";
import { readFileSystem, type FileSystem } from "./volume-capability.ts";

/** Ways in which a node encrypts what it writes to a disk. */
export const encryptions = ["luks2"] as const;
export type Encryption = (typeof encryptions)[number];

/**
 * What the controller tells every node about a volume, for as long as the volume lives. The keys of the context are
 * `fsType`, `encryption`, `fsBlockSize`, `fsInodeSize` and `fsReservedBlocksPercentage`; each is absent when it is not set.
 */
export interface VolumeContext {
  /** File system to make when the volume's capability names none. */
  readonly fsType: FileSystem | undefined;
  readonly encryption: Encryption | undefined;
  /** How to make the file system; says nothing of one that is there. */
  readonly format: FormatOptions;
}

export function encodeVolumeContext({ fsType, encryption, format }: VolumeContext): Record<string, string> {
  return {
    ...(fsType === undefined ? {} : { fsType }),
    ...(encryption === undefined ? {} : { encryption }),
    ...writeFormatOptions(format),
  };
}

/** Keys of other origin, such as the provisioner's, are passed over. @throws StatusError INVALID_ARGUMENT */
export function decodeVolumeContext(context: Readonly<Record<string, string>>): VolumeContext {
  const { fsType, encryption } = context;
  return {
    fsType: fsType === undefined ? undefined : readFileSystem(fsType),
    encryption: encryption === undefined ? undefined : readEncryption(encryption),
    format: readFormatOptions(context),
  };
}

/** @throws StatusError INVALID_ARGUMENT */
export function readEncryption(text: string): Encryption {
  const encryption = encryptions.find((each) => each === text);
  if (encryption !== undefined) return encryption;
  throw new StatusError(
    "INVALID_ARGUMENT",
    `encryption ${JSON.stringify(text.slice(0, 64))} is not known; there is ${encryptions.join(", ")}`,
  );
}
