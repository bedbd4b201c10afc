/** What is alone: a disk that no object names, or an object whose disk is gone. */
export const orphanKinds = [
  "volume-without-pv",
  "snapshot-without-content",
  "pv-without-volume",
  "content-without-snapshot",
] as const;
export type OrphanKind = (typeof orphanKinds)[number];

export interface Orphan {
  readonly kind: OrphanKind;
  /** Where the disk is; for an object the group in its handle, empty when that names none. */
  readonly group: string;
  /** Of the volume or snapshot, or of the object. */
  readonly name: string;
  /** CSI's handle: `<group>/<id>`, as the object has it where it is one. */
  readonly handle: string;
}

/** A volume or snapshot on the hosts. */
export interface Disk {
  readonly group: string;
  readonly id: string;
  readonly name: string;
}

/** What all groups have. */
export interface OnHosts {
  readonly volumes: readonly Disk[];
  readonly snapshots: readonly Disk[];
}

/** A PersistentVolume or VolumeSnapshotContent of the driver. */
export interface Named {
  readonly name: string;
  readonly handle: string;
}

/** What the cluster names. */
export interface InCluster {
  readonly volumes: readonly Named[];
  /** Undefined in a cluster that knows no snapshots: of theirs nothing can be told. */
  readonly snapshots: readonly Named[] | undefined;
}
