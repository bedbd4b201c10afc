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

const VOLUME_ID = "6f1c0c4e-7c5b-4c53-9a4e-2d1f3b7a9e10";
const VM_ID = "c6f3f9a2-5a3e-4f0f-8f43-5f0d7a0c9b11";
const SNAPSHOT_ID = "0d9b3f57-2f6e-4c58-8d1b-7d2e4f6a8c90";
const TIME = "2026-05-04T03:02:01.000Z";

const Source = Type.Object({
  kind: Type.Union([Type.Literal("volume"), Type.Literal("snapshot")]),
  id: Type.String(),
});

export const VolumeAnswer = Type.Object(
  {
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
  },
  {
    examples: [
      {
        name: "pvc-0b7e4a9c",
        id: VOLUME_ID,
        size: 10737418240,
        pool: "default",
        type: "dynamic",
        created_at: TIME,
        labels: { team: "storage" },
        attributes: {},
        source: null,
        fault: null,
      },
    ],
  },
);
export type VolumeAnswer = Static<typeof VolumeAnswer>;

/** Where a guest finds a disk: a loop's backing file on the local host, a SCSI controller's unit on Hyper-V. */
const Address = Type.Union([
  Type.Object({ kind: Type.Literal("loop"), backingFile: Type.String() }),
  Type.Object({
    kind: Type.Literal("vmbus"),
    controllerId: Type.String(),
    lun: Type.Integer({ minimum: 0, maximum: 63 }),
  }),
]);

export const AttachmentAnswer = Type.Object(
  {
    VmId: Type.String(),
    VolumeId: Type.String(),
    ReadOnly: Type.Boolean(),
    Address,
  },
  {
    examples: [
      {
        VmId: VM_ID,
        VolumeId: VOLUME_ID,
        ReadOnly: false,
        Address: { kind: "loop", backingFile: `/srv/volumes/.vms/${VM_ID}/${VOLUME_ID}.vhdx` },
      },
    ],
  },
);
export type AttachmentAnswer = Static<typeof AttachmentAnswer>;

export const AttachmentList = Type.Object(
  { Attachments: Type.Array(AttachmentAnswer) },
  {
    examples: [
      {
        Attachments: [
          {
            VmId: VM_ID,
            VolumeId: VOLUME_ID,
            ReadOnly: false,
            Address: { kind: "loop", backingFile: `/srv/volumes/.vms/${VM_ID}/${VOLUME_ID}.vhdx` },
          },
        ],
      },
    ],
  },
);
export type AttachmentList = Static<typeof AttachmentList>;

export const ListedVolume = Type.Object(
  {
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
  },
  {
    examples: [
      {
        Path: `/srv/volumes/pvc-0b7e4a9c;${VOLUME_ID}.vhdx`,
        Name: "pvc-0b7e4a9c",
        Size: 10737418240,
        DiskIdentifier: VOLUME_ID,
        Host: VM_ID,
        Hosts: [VM_ID],
        Pool: "default",
        Type: "dynamic",
        CreatedAt: TIME,
        Labels: {},
        Attributes: {},
        Source: null,
        Fault: null,
      },
    ],
  },
);
export type ListedVolume = Static<typeof ListedVolume>;

export const VolumeList = Type.Object(
  {
    volumes: Type.Array(ListedVolume),
    /** Empty on the last page. */
    next_token: Type.String(),
  },
  { examples: [{ volumes: [], next_token: "" }] },
);
export type VolumeList = Static<typeof VolumeList>;

export const ExpandAnswer = Type.Object(
  { CapacityBytes: Bytes, NodeExpansionRequired: Type.Boolean() },
  { examples: [{ CapacityBytes: 21474836480, NodeExpansionRequired: true }] },
);
export type ExpandAnswer = Static<typeof ExpandAnswer>;

export const CapacityAnswer = Type.Object(
  {
    AvailableCapacity: Bytes,
    MinimumVolumeSize: Bytes,
    MaximumVolumeSize: Bytes,
  },
  {
    examples: [
      { AvailableCapacity: 1099511627776, MinimumVolumeSize: 6291456, MaximumVolumeSize: 70368744177664 },
    ],
  },
);
export type CapacityAnswer = Static<typeof CapacityAnswer>;

export const PoolList = Type.Object(
  {
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
  },
  {
    examples: [
      {
        Pools: [
          {
            Name: "default",
            Directory: "/srv/volumes",
            Down: null,
            FreeBytes: 1099511627776,
            TotalBytes: 2199023255552,
            PromisedBytes: 10737418240,
            AvailableCapacity: 1088774209536,
            Volumes: 1,
            Snapshots: 0,
          },
        ],
      },
    ],
  },
);
export type PoolList = Static<typeof PoolList>;

export const SnapshotAnswer = Type.Object(
  {
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
  },
  {
    examples: [
      {
        name: "snapshot-41d2",
        id: SNAPSHOT_ID,
        size: 10737418240,
        pool: "default",
        created_at: TIME,
        volume: VOLUME_ID,
        group: null,
        ready_to_use: true,
        labels: {},
      },
    ],
  },
);
export type SnapshotAnswer = Static<typeof SnapshotAnswer>;

export const SnapshotList = Type.Object(
  { snapshots: Type.Array(SnapshotAnswer), next_token: Type.String() },
  { examples: [{ snapshots: [], next_token: "" }] },
);
export type SnapshotList = Static<typeof SnapshotList>;

export const SnapshotGroupAnswer = Type.Object(
  {
    name: Type.String(),
    id: Type.String(),
    created_at: Time,
    ready_to_use: Type.Boolean(),
    snapshots: Type.Array(SnapshotAnswer),
  },
  { examples: [{ name: "nightly", id: SNAPSHOT_ID, created_at: TIME, ready_to_use: true, snapshots: [] }] },
);
export type SnapshotGroupAnswer = Static<typeof SnapshotGroupAnswer>;

export const SnapshotGroupList = Type.Object(
  { groups: Type.Array(SnapshotGroupAnswer) },
  { examples: [{ groups: [] }] },
);
export type SnapshotGroupList = Static<typeof SnapshotGroupList>;

export const BlockList = Type.Object(
  {
    volume_size: Bytes,
    blocks: Type.Array(Type.Object({ offset: Bytes, length: Bytes })),
    /** Where the next page begins; null on the last. */
    next_offset: OrNull(Bytes),
  },
  { examples: [{ volume_size: 10737418240, blocks: [{ offset: 0, length: 2097152 }], next_offset: null }] },
);
export type BlockList = Static<typeof BlockList>;

export const HealthAnswer = Type.Object(
  {
    healthy: Type.Boolean(),
    problems: Type.Array(Type.Object({ kind: Type.String(), message: Type.String() })),
  },
  {
    examples: [
      {
        healthy: false,
        problems: [
          { kind: "missing-file", message: "its disk is gone from the pool: restore it from a backup" },
        ],
      },
    ],
  },
);
export type HealthAnswer = Static<typeof HealthAnswer>;

/** Of a page of volumes those with problems. */
export const HealthList = Type.Object(
  {
    volumes: Type.Array(
      Type.Object({
        id: Type.String(),
        problems: Type.Array(Type.Object({ kind: Type.String(), message: Type.String() })),
      }),
    ),
    /** Empty on the last page. */
    next_token: Type.String(),
  },
  {
    examples: [
      {
        volumes: [
          { id: VOLUME_ID, problems: [{ kind: "missing-file", message: "its disk is gone from the pool" }] },
        ],
        next_token: "",
      },
    ],
  },
);
export type HealthList = Static<typeof HealthList>;

export const DoctorAnswer = Type.Object(
  {
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
  },
  {
    examples: [
      {
        findings: [
          {
            pool: "default",
            kind: "foreign-file",
            path: "/srv/volumes/notes.txt",
            message: "it is no volume of ours: it is left alone",
            safe_to_fix: false,
            fixed: false,
          },
        ],
      },
    ],
  },
);
export type DoctorAnswer = Static<typeof DoctorAnswer>;

export const OperationList = Type.Object(
  {
    operations: Type.Array(
      Type.Object({
        what: Type.String(),
        request_id: Type.String(),
        started_at: Time,
        /** From 0 to 1; null when it can't be told. */
        progress: OrNull(Type.Number()),
      }),
    ),
  },
  {
    examples: [
      {
        operations: [
          {
            what: `create pvc-2 from volume ${VOLUME_ID}`,
            request_id: "c0a1",
            started_at: TIME,
            progress: 0.4,
          },
        ],
      },
    ],
  },
);
export type OperationList = Static<typeof OperationList>;

export const DeletedList = Type.Object(
  {
    volumes: Type.Array(
      Type.Object({
        id: Type.String(),
        name: Type.String(),
        pool: Type.String(),
        deleted_at: Time,
        kept_until: Time,
      }),
    ),
  },
  {
    examples: [
      {
        volumes: [
          { id: VOLUME_ID, name: "pvc-0b7e4a9c", pool: "default", deleted_at: TIME, kept_until: TIME },
        ],
      },
    ],
  },
);
export type DeletedList = Static<typeof DeletedList>;

export const VmAnswer = Type.Object(
  {
    Name: Type.String(),
    Id: Type.String(),
    Path: Type.String(),
    Generation: Type.Integer(),
    /** `off` is proven by the host that has the VM; saved, paused, on the way and unknown are `other`. */
    State: Type.Union([Type.Literal("running"), Type.Literal("off"), Type.Literal("other")]),
  },
  { examples: [{ Name: "worker-1", Id: VM_ID, Path: "", Generation: 2, State: "running" }] },
);
export type VmAnswer = Static<typeof VmAnswer>;

export const VmList = Type.Object(
  { VMs: Type.Array(VmAnswer) },
  { examples: [{ VMs: [{ Name: "worker-1", Id: VM_ID, Path: "", Generation: 2, State: "running" }] }] },
);
export type VmList = Static<typeof VmList>;

/** `code` is gRPC's status number. */
export const ErrorAnswer = Type.Object(
  { code: Type.Integer(), message: Type.String() },
  { examples: [{ code: 5, message: "there is no volume with this id" }] },
);
export type ErrorAnswer = Static<typeof ErrorAnswer>;
