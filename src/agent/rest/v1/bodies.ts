import { type Static, type TObject, type TProperties, Type } from "typebox";
import {
  AccessMode,
  InstanceName,
  MountPoint,
  nullable,
  QuotaPolicy,
  SizeMb,
  Tags,
  Uuid,
  VolumeName,
} from "./fields.ts";

/** What requests carry: one object, or an array of them which is a batch. Nothing that is not described is accepted. */

/** Most items of one request. */
export const MOST_ITEMS = 256;

const strict = { additionalProperties: false };

/** Either `uuid` or `name`, where `null` is none. */
export const eitherId = {
  ...strict,
  oneOf: [
    { required: ["uuid"], properties: { uuid: { type: "string" }, name: { type: "null" } } },
    { required: ["name"], properties: { name: { type: "string" }, uuid: { type: "null" } } },
  ],
};
const volumeId = { uuid: nullable(Uuid), name: nullable(VolumeName) };

/** One item or several. */
export function batchOf<T extends TProperties>(item: TObject<T>, description: string, examples: unknown[]) {
  const items = Type.Array(item, { minItems: 1, maxItems: MOST_ITEMS });
  return Type.Union([item, items], { description, examples });
}

/** As {@link batchOf}, and may be left out. */
export function optionalBatchOf<T extends TProperties>(
  item: TObject<T>,
  description: string,
  examples: unknown[],
) {
  const items = Type.Array(item, { minItems: 1, maxItems: MOST_ITEMS });
  return Type.Union([item, items, Type.Null()], { description, examples });
}

/** The items of a body in its order. */
export function itemsOf<T>(body: T | T[] | null): T[] {
  if (body === null) return [];
  return Array.isArray(body) ? body : [body];
}

export const Selector = Type.Object(volumeId, eitherId);
export type Selector = Static<typeof Selector>;

const InstanceSelector = Type.Object({ uuid: nullable(Uuid), name: nullable(InstanceName) }, eitherId);
export type InstanceSelector = Static<typeof InstanceSelector>;

const unsupported = "Not supported by this host: refused with error 1";

export const NewVolumeItem = Type.Object(
  {
    name: nullable(VolumeName),
    size_mb: nullable(SizeMb),
    tags: nullable(Tags),
    quota_policy: nullable(QuotaPolicy),
    access_mode: nullable(AccessMode),
    uid: nullable(Type.Integer({ minimum: 0, description: `Only 0. ${unsupported}` })),
    gid: nullable(Type.Integer({ minimum: 0, description: `Only 0. ${unsupported}` })),
    args: nullable(Type.Record(Type.String(), Type.Unknown(), { description: `Only empty. ${unsupported}` })),
    filesystem: nullable(Type.Enum(["ext4", "virtiofs", "custom"], { description: unsupported })),
    host_path: nullable(Type.String({ minLength: 1, maxLength: 4096, description: unsupported })),
    template: nullable(Type.Object(volumeId, { ...eitherId, description: unsupported })),
  },
  {
    ...strict,
    anyOf: [
      { required: ["size_mb"], properties: { size_mb: { type: "integer" } } },
      { required: ["host_path"], properties: { host_path: { type: "string" } } },
      { required: ["template"], properties: { template: { type: "object" } } },
    ],
    "x-rule": "size_mb is missing",
  },
);
export type NewVolumeItem = Static<typeof NewVolumeItem>;

const placement = {
  attach_to: InstanceSelector,
  at: MountPoint,
  readonly: nullable(Type.Boolean({ description: "Whether the instance can only read it; default false" })),
};
export const AttachItem = Type.Object({ ...volumeId, ...placement }, eitherId);
export const LocalAttachItem = Type.Object(placement, strict);
export type Placement = Static<typeof LocalAttachItem>;

const source = { from: nullable(InstanceSelector) };
export const DetachItem = Type.Object({ ...volumeId, ...source }, eitherId);
export const LocalDetachItem = Type.Object(source, strict);

const clone = {
  vol_name: nullable(VolumeName),
  tags: nullable(Tags),
  quota_policy: nullable(QuotaPolicy),
  access_mode: nullable(AccessMode),
};
export const CloneItem = Type.Object({ ...volumeId, ...clone }, eitherId);
export const LocalCloneItem = Type.Object(clone, strict);
export type Clone = Static<typeof LocalCloneItem>;
