import { Type, type Static } from "typebox";
import { OrNull, TIME, Time, VOLUME_ID } from "./values.ts";

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
