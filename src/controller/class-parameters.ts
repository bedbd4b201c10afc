import { readParameters, type VolumeParameters } from "./volume-parameters.ts";

/** Names of secrets, which the sidecars look up themselves. The provisioner takes them out of a CreateVolume. */
const SECRET_NAME = /^csi\.storage\.k8s\.io\/(.+-)?secret-name(space)?$/;

/**
 * Reads the parameters of a StorageClass as it has them, as the provisioner sends them with GetCapacity.
 * @throws StatusError as {@link readParameters}
 */
export function readClassParameters(parameters: Readonly<Record<string, string>>): VolumeParameters {
  const own = Object.entries(parameters).filter(([name]) => !SECRET_NAME.test(name));
  return readParameters(Object.fromEntries(own));
}
