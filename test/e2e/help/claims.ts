import type { NewObject } from "./namespace.ts";

/** What differs between claims. */
export interface ClaimSpec {
  /** StorageClass; the default one unless given. */
  readonly storageClass?: string;
  /** As Kubernetes writes it, such as `1Gi`. */
  readonly size?: string;
  readonly volumeMode?: "Filesystem" | "Block";
  readonly accessMode?: "ReadWriteOnce" | "ReadWriteOncePod" | "ReadOnlyMany" | "ReadWriteMany";
  /** Snapshot or claim whose content the volume begins with. */
  readonly dataSource?: { readonly apiGroup?: string; readonly kind: string; readonly name: string };
  readonly attributesClass?: string;
}

/** The `spec` of a claim, for templates too. */
export function claimSpec(spec: ClaimSpec) {
  const { storageClass, size = "256Mi", volumeMode = "Filesystem", accessMode = "ReadWriteOnce" } = spec;
  return {
    ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
    accessModes: [accessMode],
    volumeMode,
    resources: { requests: { storage: size } },
    ...(spec.dataSource === undefined ? {} : { dataSource: spec.dataSource }),
    ...(spec.attributesClass === undefined ? {} : { volumeAttributesClassName: spec.attributesClass }),
  };
}

export function claim(name: string, spec: ClaimSpec = {}): NewObject {
  return { apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name }, spec: claimSpec(spec) };
}
