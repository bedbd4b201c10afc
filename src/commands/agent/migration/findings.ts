import { basename } from "node:path";
import type { Adoptable } from "../../../agent/engine/recovery/adoptable.ts";
import type { Volume } from "../../../agent/engine/model.ts";
import { readClassParameters } from "../../../controller/class-parameters.ts";
import { linuxFileSystems } from "../../../csi/volume-capability.ts";
import { parseHandle } from "../../../csi/handle.ts";
import { StatusError } from "../../../kit/errors.ts";
import { parseSize } from "../../../kit/sizes.ts";
import type { Manifests, PersistentVolume, StorageClass } from "./manifests.ts";

/** What would become of one thing: it is served as it is, needs a change, or is not served. */
export interface Finding {
  readonly kind: "disk" | "PersistentVolume" | "StorageClass";
  readonly name: string;
  readonly verdict: "served" | "change" | "not served";
  readonly message: string;
}

/** The driver that the objects are of, and the name under which this one will run. */
export interface DriverChange {
  readonly from: string;
  readonly to: string;
}

/** Judges disks, PersistentVolumes and StorageClasses of another driver with the same layout. */
export function findingsOf(found: Adoptable, manifests: Manifests, change: DriverChange): Finding[] {
  const disks = new Map(found.volumes.map((volume) => [volume.id, volume]));
  const handles = manifests.volumes.map(({ spec }) => parseHandle(spec.csi.volumeHandle)?.id);
  return [
    ...found.volumes.map((volume) => findingOfDisk(volume, handles, manifests.volumes.length > 0)),
    ...found.leftAlone.map(({ path, reason }) => finding("disk", basename(path), [], [reason])),
    ...manifests.volumes
      .filter(({ spec }) => spec.csi.driver === change.from || spec.csi.driver === change.to)
      .map((volume) => findingOfVolume(volume, disks, change)),
    ...manifests.classes
      .filter(({ provisioner }) => provisioner === change.from || provisioner === change.to)
      .map((storageClass) => findingOfClass(storageClass, change)),
  ];
}

function findingOfDisk(
  { id, path, size }: Volume,
  handles: readonly (string | undefined)[],
  hasManifests: boolean,
): Finding {
  const isUnused = hasManifests && !handles.includes(id);
  const message = isUnused ? "no PersistentVolume names it" : `${size} bytes`;
  return { kind: "disk", name: basename(path), verdict: "served", message };
}

function findingOfVolume(
  { metadata, spec }: PersistentVolume,
  disks: ReadonlyMap<string, Volume>,
  { from, to }: DriverChange,
): Finding {
  const { csi, accessModes = [], capacity, volumeMode = "Filesystem", nodeAffinity } = spec;
  const handle = parseHandle(csi.volumeHandle);
  const disk = handle && disks.get(handle.id);
  const wanted = capacity?.storage === undefined ? undefined : parseSize(String(capacity.storage));
  const others = accessModes.filter((mode) => !["ReadWriteOnce", "ReadWriteOncePod"].includes(mode));
  const fsType = csi.fsType ?? "";
  // The driver before had no Windows nodes, and these want a partition, which its disks don't have.
  const isMounted = linuxFileSystems.some((each) => each === fsType);
  const refusals = [
    ...when(handle === undefined, `its handle ${csi.volumeHandle} is no volume id`),
    ...when(handle !== undefined && disk === undefined, "no disk with its id would be served"),
    ...when(others.length > 0, `access mode ${others.join(", ")}: one VM at a time has a volume`),
    ...when(volumeMode === "Filesystem" && fsType !== "" && !isMounted, `the nodes don't mount ${fsType}`),
  ];
  const changes = [
    ...when(
      csi.driver !== to,
      `its driver is ${from}: make it anew with ${to}, or run this driver under that name`,
    ),
    ...when(
      csi.driver !== to && spec.persistentVolumeReclaimPolicy !== "Retain",
      "set persistentVolumeReclaimPolicy to Retain first, or deleting it deletes the disk",
    ),
    ...when(
      disk !== undefined && wanted !== undefined && wanted > disk.size,
      `it says ${wanted ?? 0n} bytes and the disk has ${disk?.size ?? 0n}`,
    ),
    ...when(nodeAffinity !== undefined, "its nodeAffinity has to go, or to name this driver's topology key"),
  ];
  return finding("PersistentVolume", metadata.name, changes, refusals);
}

function findingOfClass(
  { metadata, provisioner, parameters = {} }: StorageClass,
  { from, to }: DriverChange,
): Finding {
  const changes = when(
    provisioner !== to,
    `its provisioner is ${from}: make it anew with ${to}, or run this driver under that name`,
  );
  return finding("StorageClass", metadata.name, changes, refusedParameters(parameters));
}

function refusedParameters(parameters: Readonly<Record<string, string>>): string[] {
  try {
    readClassParameters(parameters);
    return [];
  } catch (error) {
    return [StatusError.from(error).message];
  }
}

function finding(
  kind: Finding["kind"],
  name: string,
  changes: readonly string[],
  refusals: readonly string[],
): Finding {
  const verdict = refusals.length > 0 ? "not served" : changes.length > 0 ? "change" : "served";
  return { kind, name, verdict, message: [...refusals, ...changes].join("; ") };
}

function when(holds: boolean, text: string): string[] {
  return holds ? [text] : [];
}
