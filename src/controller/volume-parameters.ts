import { readFileSystem, type FileSystem } from "../csi/volume-capability.ts";
import { StatusError } from "../kit/errors.ts";

/** What a StorageClass says about its volumes. */
export interface VolumeParameters {
  readonly fsType: FileSystem | undefined;
}

const FS_TYPE = "csi.storage.k8s.io/fstype";
/** Put there by the provisioner for drivers that want them. */
const FROM_PROVISIONER = /^csi\.storage\.k8s\.io\/(pvc|pv)\/[a-z]+$/;

/** @throws StatusError INVALID_ARGUMENT naming a parameter that is not known. */
export function readParameters(parameters: Readonly<Record<string, string>>): VolumeParameters {
  for (const name of Object.keys(parameters)) {
    if (name === FS_TYPE || FROM_PROVISIONER.test(name)) continue;
    throw new StatusError(
      "INVALID_ARGUMENT",
      `parameter ${JSON.stringify(name.slice(0, 128))} is not known; there is ${FS_TYPE}`,
    );
  }
  const fsType = parameters[FS_TYPE];
  return { fsType: fsType === undefined || fsType === "" ? undefined : readFileSystem(fsType) };
}
