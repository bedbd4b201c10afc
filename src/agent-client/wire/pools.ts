import { Type, type Static } from "typebox";
import { Bytes, OrNull } from "./values.ts";

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
