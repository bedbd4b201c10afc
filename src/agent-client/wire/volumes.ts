import { Type, type Static } from "typebox";
import { Bytes, OrNull, TIME, Texts, Time, VM_ID, VOLUME_ID } from "./values.ts";

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
