import { Type, type Static } from "typebox";
import { Value } from "typebox/value";
import { parseAllDocuments } from "yaml";
import { readTextFile } from "../../../kit/config.ts";
import { StatusError } from "../../../kit/errors.ts";

const Text = Type.String();
const Metadata = Type.Object({ name: Text });

/** What of a PersistentVolume matters here. */
export const PersistentVolume = Type.Object({
  kind: Type.Literal("PersistentVolume"),
  metadata: Metadata,
  spec: Type.Object({
    accessModes: Type.Optional(Type.Array(Text)),
    capacity: Type.Optional(Type.Object({ storage: Type.Optional(Type.Union([Text, Type.Number()])) })),
    persistentVolumeReclaimPolicy: Type.Optional(Text),
    volumeMode: Type.Optional(Text),
    nodeAffinity: Type.Optional(Type.Object({})),
    csi: Type.Object({ driver: Text, volumeHandle: Text, fsType: Type.Optional(Text) }),
  }),
});
export type PersistentVolume = Static<typeof PersistentVolume>;

export const StorageClass = Type.Object({
  kind: Type.Literal("StorageClass"),
  metadata: Metadata,
  provisioner: Text,
  parameters: Type.Optional(Type.Record(Text, Text)),
});
export type StorageClass = Static<typeof StorageClass>;

const List = Type.Object({ items: Type.Array(Type.Unknown()) });

/** PersistentVolumes of CSI drivers and StorageClasses. */
export interface Manifests {
  readonly volumes: readonly PersistentVolume[];
  readonly classes: readonly StorageClass[];
}

/**
 * Reads what `kubectl get pv,storageclass -o yaml` prints, or files of single documents. Other objects are passed over.
 * @throws StatusError INVALID_ARGUMENT for a file that can't be read or is no YAML
 */
export async function readManifests(files: readonly string[]): Promise<Manifests> {
  const objects = (await Promise.all(files.map(objectsIn))).flat();
  return {
    volumes: objects.filter((object) => Value.Check(PersistentVolume, object)),
    classes: objects.filter((object) => Value.Check(StorageClass, object)),
  };
}

async function objectsIn(file: string): Promise<unknown[]> {
  const documents = parseAllDocuments(await readTextFile(file));
  return [...documents].flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw new StatusError("INVALID_ARGUMENT", `${file}: ${error.message}`, error);
    const object: unknown = document.toJS();
    return Value.Check(List, object) ? object.items : [object];
  });
}
