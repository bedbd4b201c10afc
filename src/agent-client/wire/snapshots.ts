import { Type, type Static } from "typebox";
import { Bytes, OrNull, SNAPSHOT_ID, TIME, Texts, Time, VOLUME_ID } from "./values.ts";

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
