import { Type, type Static, type TSchema } from "typebox";

/**
 * JSON of the volume service API, shared by the agent and its clients. Keys are written as that API's clients read
 * them: a volume in lower case, list items and most answers in PascalCase. Sizes are bytes and stay below 2^53.
 */
const Bytes = Type.Integer({ minimum: 0 });

const Texts = Type.Record(Type.String(), Type.String());
const OrNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
/** RFC 3339, in UTC. */
const Time = Type.String();

const Source = Type.Object({
  kind: Type.Union([Type.Literal("volume"), Type.Literal("snapshot")]),
  id: Type.String(),
});

export const VolumeAnswer = Type.Object({
  name: Type.String(),
  id: Type.String(),
  size: Bytes,
  pool: Type.String(),
  type: Type.String(),
  created_at: Time,
  labels: Texts,
  attributes: Texts,
  /** What its first content was copied from. */
  source: OrNull(Source),
  /** Why it can't be used. */
  fault: OrNull(Type.String()),
});
export type VolumeAnswer = Static<typeof VolumeAnswer>;

export const AttachmentAnswer = Type.Object({
  VmId: Type.String(),
  VolumeId: Type.String(),
  ReadOnly: Type.Boolean(),
  Address: Type.Object({ kind: Type.Literal("loop"), backingFile: Type.String() }),
});
export type AttachmentAnswer = Static<typeof AttachmentAnswer>;

export const AttachmentList = Type.Object({ Attachments: Type.Array(AttachmentAnswer) });
export type AttachmentList = Static<typeof AttachmentList>;

export const ListedVolume = Type.Object({
  Path: Type.String(),
  Name: Type.String(),
  Size: Bytes,
  DiskIdentifier: Type.String(),
  /** Id of the VM that has the volume; null when none has. */
  Host: Type.Union([Type.String(), Type.Null()]),
  /** Ids of all VMs that have it: several can read one disk. */
  Hosts: Type.Array(Type.String()),
  Pool: Type.String(),
  Type: Type.String(),
  CreatedAt: Time,
  Labels: Texts,
  Attributes: Texts,
  Source: OrNull(Source),
  Fault: OrNull(Type.String()),
});
export type ListedVolume = Static<typeof ListedVolume>;

export const VolumeList = Type.Object({
  volumes: Type.Array(ListedVolume),
  /** Empty on the last page. */
  next_token: Type.String(),
});
export type VolumeList = Static<typeof VolumeList>;

export const ExpandAnswer = Type.Object({ CapacityBytes: Bytes, NodeExpansionRequired: Type.Boolean() });
export type ExpandAnswer = Static<typeof ExpandAnswer>;

export const CapacityAnswer = Type.Object({
  AvailableCapacity: Bytes,
  MinimumVolumeSize: Bytes,
  MaximumVolumeSize: Bytes,
});
export type CapacityAnswer = Static<typeof CapacityAnswer>;

export const PoolList = Type.Object({
  Pools: Type.Array(
    Type.Object({
      Name: Type.String(),
      Directory: Type.String(),
      /** Why it can't be used now. */
      Down: OrNull(Type.String()),
      FreeBytes: Bytes,
      TotalBytes: Bytes,
      PromisedBytes: Bytes,
      AvailableCapacity: Bytes,
      Volumes: Type.Integer(),
      Snapshots: Type.Integer(),
    }),
  ),
});
export type PoolList = Static<typeof PoolList>;

export const SnapshotAnswer = Type.Object({
  name: Type.String(),
  id: Type.String(),
  size: Bytes,
  pool: Type.String(),
  created_at: Time,
  /** Id of the volume it was cut from; null when that is not known any more. */
  volume: OrNull(Type.String()),
  group: OrNull(Type.String()),
  ready_to_use: Type.Boolean(),
  labels: Texts,
});
export type SnapshotAnswer = Static<typeof SnapshotAnswer>;

export const SnapshotList = Type.Object({ snapshots: Type.Array(SnapshotAnswer), next_token: Type.String() });
export type SnapshotList = Static<typeof SnapshotList>;

export const SnapshotGroupAnswer = Type.Object({
  name: Type.String(),
  id: Type.String(),
  created_at: Time,
  ready_to_use: Type.Boolean(),
  snapshots: Type.Array(SnapshotAnswer),
});
export type SnapshotGroupAnswer = Static<typeof SnapshotGroupAnswer>;

export const SnapshotGroupList = Type.Object({ groups: Type.Array(SnapshotGroupAnswer) });
export type SnapshotGroupList = Static<typeof SnapshotGroupList>;

export const BlockList = Type.Object({
  volume_size: Bytes,
  blocks: Type.Array(Type.Object({ offset: Bytes, length: Bytes })),
  /** Where the next page begins; null on the last. */
  next_offset: OrNull(Bytes),
});
export type BlockList = Static<typeof BlockList>;

export const HealthAnswer = Type.Object({
  healthy: Type.Boolean(),
  problems: Type.Array(Type.Object({ kind: Type.String(), message: Type.String() })),
});
export type HealthAnswer = Static<typeof HealthAnswer>;

export const DoctorAnswer = Type.Object({
  findings: Type.Array(
    Type.Object({
      pool: Type.String(),
      kind: Type.String(),
      path: Type.String(),
      message: Type.String(),
      safe_to_fix: Type.Boolean(),
      fixed: Type.Boolean(),
    }),
  ),
});
export type DoctorAnswer = Static<typeof DoctorAnswer>;

export const OperationList = Type.Object({
  operations: Type.Array(
    Type.Object({
      what: Type.String(),
      request_id: Type.String(),
      started_at: Time,
      /** From 0 to 1; null when it can't be told. */
      progress: OrNull(Type.Number()),
    }),
  ),
});
export type OperationList = Static<typeof OperationList>;

export const DeletedList = Type.Object({
  volumes: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Type.String(),
      pool: Type.String(),
      deleted_at: Time,
      kept_until: Time,
    }),
  ),
});
export type DeletedList = Static<typeof DeletedList>;

export const VmAnswer = Type.Object({
  Name: Type.String(),
  Id: Type.String(),
  Path: Type.String(),
  Generation: Type.Integer(),
});
export type VmAnswer = Static<typeof VmAnswer>;

export const VmList = Type.Object({ VMs: Type.Array(VmAnswer) });
export type VmList = Static<typeof VmList>;

/** `code` is gRPC's status number. */
export const ErrorAnswer = Type.Object({ code: Type.Integer(), message: Type.String() });
export type ErrorAnswer = Static<typeof ErrorAnswer>;
