import { readFileSystem, type FileSystem } from "./volume-capability.ts";

/** What the controller tells every node about a volume, for as long as the volume lives. */
export interface VolumeContext {
  /** File system to make when the volume's capability names none. */
  readonly fsType: FileSystem | undefined;
}

export function encodeVolumeContext({ fsType }: VolumeContext): Record<string, string> {
  return fsType === undefined ? {} : { fsType };
}

/** Keys of other origin, such as the provisioner's, are passed over. @throws StatusError INVALID_ARGUMENT */
export function decodeVolumeContext(context: Readonly<Record<string, string>>): VolumeContext {
  const fsType = context["fsType"];
  return { fsType: fsType === undefined ? undefined : readFileSystem(fsType) };
}
