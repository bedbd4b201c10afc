import type { FileSystem, VolumeUse } from "../csi/volume-capability.ts";
import { StatusError } from "../kit/errors.ts";

/** @throws StatusError INVALID_ARGUMENT for a file system that nodes of this kind have not */
export function requireFileSystem(system: string, known: readonly FileSystem[], use: VolumeUse): void {
  if (use.access === "block" || use.fsType === undefined || known.includes(use.fsType)) return;
  throw new StatusError(
    "INVALID_ARGUMENT",
    `${use.fsType} is no file system of ${system} nodes: the volume's class and the pod's node don't fit; there are ${known.join(", ")}`,
  );
}
