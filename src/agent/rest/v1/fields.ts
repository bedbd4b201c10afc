import { type TSchema, Type } from "typebox";

/**
 * The fields that requests and answers are made of. `x-rule` says in an error what a value that does not fit is not;
 * a schema without it has its error made of its keyword.
 */

/** A field that may be left out; `null` means the same. */
export const nullable = <T extends TSchema>(schema: T) => Type.Optional(Type.Union([schema, Type.Null()]));

const UUID = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$";
export const isUuid = (text: string) => new RegExp(UUID).test(text);

export const Uuid = Type.String({
  format: "uuid",
  pattern: UUID,
  description: "UUID, in any case",
  "x-rule": "is not a UUID",
});

export const VolumeName = Type.String({
  minLength: 1,
  maxLength: 255,
  description: "Name of the volume, unique on this host. A new one has at most 128 bytes of UTF-8.",
});

export const InstanceName = Type.String({
  minLength: 1,
  maxLength: 255,
  description: "Name of the instance (VM). One that several instances have is refused: give the UUID.",
});

/** 64 TiB, the largest VHDX. */
const LARGEST_MB = 64 * 1024 * 1024;

export const SizeMb = Type.Integer({
  minimum: 1,
  maximum: LARGEST_MB,
  description: "Size in MiB (1 048 576 bytes), rounded up to what the disk can have: to 6 MiB at least",
});

export const MOST_TAGS = 16;

export const Tag = Type.String({ minLength: 1, maxLength: 256, description: "Free text for selection" });
export const Tags = Type.Array(Tag, { maxItems: MOST_TAGS, description: "Tags of the volume" });

/** Absolute, without `.` and `..` components, colons and control characters. */
export const MOUNT_POINT = "^/(?!(?:[^:]*/)?\\.{1,2}(?:/|$))[^:\\u0000-\\u001f]*$";

export const MountPoint = Type.String({
  pattern: MOUNT_POINT,
  maxLength: 1024,
  description:
    "Absolute path of the mount point, without . and .. components and colons. Remembered for the instance.",
  "x-rule": "is not an absolute path without . and .. components, colons and control characters",
});

export const QuotaPolicy = Type.Enum(["static", "dynamic"], {
  description: "static: a fixed disk; dynamic: one that takes space as it is written to",
});

export const AccessMode = Type.Enum(["rwo", "rox", "rwx"], {
  description: "Only rwo (one instance) is supported",
});

export const volumeStates = [
  "uninitialized",
  "initializing",
  "available",
  "idle",
  "mounted",
  "busy",
  "error",
] as const;
export type VolumeState = (typeof volumeStates)[number];

export const State = Type.Enum([...volumeStates], {
  description:
    "available: not attached; idle: attached to a stopped instance; mounted: attached to a running one; busy: it is " +
    "copied, grown, moved or removed; initializing: it is being made; error: its disk can't be used",
});

/** Of a path that names one volume. */
export const LocalParams = Type.Object({
  uuid: Type.String({ ...Uuid, examples: ["6f1c0c4e-7c5b-4c53-9a4e-2d1f3b7a9e10"] }),
});

const ids = { uuid: "6f1c0c4e-7c5b-4c53-9a4e-2d1f3b7a9e10", name: "data" } as const;
export const doneExample = { status: "success", ...ids } as const;
export const detailsExample = {
  status: "success" as const,
  ...ids,
  state: "mounted" as const,
  size_mb: 10240,
  attached_to: [
    { uuid: "c6f3f9a2-5a3e-4f0f-8f43-5f0d7a0c9b11", name: "worker-1", readonly: false, at: "/mnt/data" },
  ],
  mounted_by: [{ uuid: "c6f3f9a2-5a3e-4f0f-8f43-5f0d7a0c9b11", name: "worker-1", readonly: false }],
  persistent: true,
  created_at: "2026-05-04T03:02:01.000Z",
  tags: ["team-a"],
  quota_policy: "dynamic" as const,
  delete_lock: false,
  access_mode: "rwo" as const,
};
