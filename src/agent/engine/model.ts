import type { Attachment } from "../hosts/host.ts";

/** Free text by key, for people and for selection; never looked at by the rules. */
export type Labels = Readonly<Record<string, string>>;
/** What of a volume can be changed while it lives, by name. */
export type Attributes = Readonly<Record<string, string>>;

/** What a volume's first content was copied from. */
export interface ContentSource {
  readonly kind: "volume" | "snapshot";
  readonly id: string;
}

/** A disk file in a pool, which is a volume or a snapshot. */
export interface Disk {
  /** VirtualDiskId: a GUID in lower case. */
  readonly id: string;
  readonly name: string;
  /** Name of the pool it lives in. */
  readonly pool: string;
  /** Bytes the guest sees. */
  readonly size: bigint;
  readonly type: "fixed" | "dynamic" | "differencing";
  readonly path: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Id of the volume that it and all disks copied from one another go back to. */
  readonly lineage: string;
  readonly labels: Labels;
}

/** A virtual disk the agent manages: one `.vhdx` file, and a record where it has something to record. */
export interface Volume extends Disk {
  readonly attributes: Attributes;
  readonly source: ContentSource | undefined;
  /** Where VMs are to mount it, by VM id: what the Volumes API's `at` says, kept and not acted upon. */
  readonly mountPoints: Readonly<Record<string, string>>;
  /** Why it can't be used, for instance that its disk is gone; undefined for a sound volume. */
  readonly fault: string | undefined;
}

/** A point-in-time copy of a volume that lives on its own. */
export interface Snapshot extends Disk {
  /** Undefined when its record was lost. */
  readonly sourceVolumeId: string | undefined;
  /** The group it was cut in. */
  readonly groupId: string | undefined;
}

/** Snapshots of several volumes that were cut at one instant. */
export interface SnapshotGroup {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  readonly snapshots: readonly Snapshot[];
}

/** A volume that was deleted and is still kept. */
export interface DeletedVolume {
  readonly id: string;
  readonly name: string;
  readonly pool: string;
  readonly deletedAt: number;
  /** When it is removed for good. */
  readonly keptUntil: number;
}

/** Some of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Opaque; undefined on the last page. */
  readonly nextToken: string | undefined;
}

export interface AttachedVolume extends Volume {
  readonly attachments: readonly Attachment[];
}

export interface Capacity {
  /** Bytes that can still be promised to new volumes. */
  readonly available: bigint;
  readonly minimumVolumeSize: bigint;
  readonly maximumVolumeSize: bigint;
}

export interface PoolStatus {
  readonly name: string;
  readonly directory: string;
  /** Why it can't be used now; undefined while it can. */
  readonly down: string | undefined;
  /** Bytes its file system has free and in all. */
  readonly free: bigint;
  readonly total: bigint;
  /** Bytes that its disks may still claim, and those of other pools on its file system. */
  readonly promised: bigint;
  readonly available: bigint;
  readonly volumes: number;
  readonly snapshots: number;
}

export interface Expansion {
  readonly size: bigint;
  /** True when the guest must grow what lies on the disk. */
  readonly nodeExpansionRequired: boolean;
}

/** Bytes asked for. With a limit any size from `required` to `limit` will do; without one only `required` itself. */
export interface SizeRange {
  readonly required: bigint;
  readonly limit: bigint | undefined;
}

/** What a create asks for. */
export interface NewVolume {
  readonly name: string;
  /** Undefined with a source: as large as that. */
  readonly size: SizeRange | undefined;
  /** Undefined: the one with most room, or a source's while that has room. */
  readonly pool: string | undefined;
  /** Undefined: what the host takes. */
  readonly type: "fixed" | "dynamic" | undefined;
  /** Bytes of a VHDX block; undefined: what suits the size. */
  readonly blockSize?: bigint | undefined;
  /** What its file is to be named; undefined: as the volume. */
  readonly fileName?: string | undefined;
  readonly source: ContentSource | undefined;
  readonly labels: Labels;
  readonly attributes: Attributes;
}

/** Changes of a volume that leave its content alone. A label of `null` is removed. */
export interface VolumeChange {
  readonly attributes: Attributes;
  readonly labels: Readonly<Record<string, string | null>>;
}

export interface NewSnapshot {
  readonly name: string;
  readonly sourceVolumeId: string;
  readonly labels: Labels;
}

/** A stretch of a disk, in bytes. */
export interface BlockRange {
  readonly offset: bigint;
  readonly length: bigint;
}

export interface BlockPage {
  readonly blocks: readonly BlockRange[];
  /** Where the next page begins; undefined on the last. */
  readonly nextOffset: bigint | undefined;
  readonly volumeSize: bigint;
}

/** What is wrong with a volume. */
export interface HealthProblem {
  readonly kind: "missing-file" | "damaged" | "overcommitted" | "lost-attachment" | "pool-down";
  /** For people: what is wrong and what to do. */
  readonly message: string;
}

/** A volume that something is wrong with. */
export interface VolumeProblems {
  readonly id: string;
  readonly problems: readonly HealthProblem[];
}

/** Something in a pool that belongs to nothing, or that an interrupted operation left. */
export interface DoctorFinding {
  readonly pool: string;
  readonly kind:
    | "foreign-file"
    | "temporary-file"
    | "record-without-disk"
    | "stale-attachment"
    | "unserved-disk"
    | "damaged-disk"
    | "unfinished-move";
  readonly path: string;
  readonly message: string;
  /** True when removing or mending it can lose nothing. */
  readonly safeToFix: boolean;
  readonly fixed: boolean;
}

/** A change that is at work. */
export interface RunningOperation {
  readonly what: string;
  readonly requestId: string;
  readonly startedAt: number;
  /** From 0 to 1; undefined when it can't be told. */
  readonly progress: number | undefined;
  /** Ids of the volumes that it copies, grows, moves or removes. */
  readonly volumeIds: readonly string[];
  /** Name of the volume that it makes. */
  readonly newVolume: string | undefined;
}
