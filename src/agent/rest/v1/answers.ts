import { type Static, type TProperties, type TSchema, Type } from "typebox";
import { refusedBeforehand } from "../describe.ts";
import { AccessMode, QuotaPolicy, State } from "./fields.ts";

/** What is answered, each within the envelope that all answers of this API have. */

const Id = Type.String({ format: "uuid" });
const ItemStatus = Type.Enum(["success", "error"], { description: "Whether this item was done" });
const EnvelopeStatus = Type.Enum(["success", "partial_success", "error"]);
const ErrorNumber = Type.Integer({
  description:
    "1 not supported, 2 wrong method, 3 no such endpoint, 5 too many, 6 unknown parameter, 7 invalid, 8 not found, " +
    "9 none free, 10 failed, 11 wrong instance state, 12 timed out, 13 missing id, 14 not allowed, 15 attached, " +
    "16 malformed request, 17 not both, 19 quota or space, 21 not attached, 22 too long, 23 already exists, 24 can't be used",
});
const OpTime = Type.Integer({ minimum: 0, description: "How long the request took, in microseconds" });

const resultFields = {
  status: Type.Optional(ItemStatus),
  message: Type.Optional(Type.String({ description: "Why it was not done" })),
  error: Type.Optional(ErrorNumber),
  id: Type.Optional(Type.String({ description: "The id that the client gave this change" })),
  state: Type.Optional(State),
  uuid: Type.Optional(Id),
  name: Type.Optional(Type.String()),
};
const strict = { additionalProperties: false };

/** A volume that something was to be done with. */
export const VolumeResult = Type.Object(resultFields, strict);
export type VolumeResult = Static<typeof VolumeResult>;

const Attached = Type.Object(
  {
    uuid: Id,
    name: Type.Optional(
      Type.String({ description: "Missing when the host does not know the instance any more" }),
    ),
    readonly: Type.Boolean(),
    at: Type.Optional(Type.String({ description: "Mount point given at attach" })),
  },
  strict,
);
const Mounted = Type.Object(
  { uuid: Id, name: Type.Optional(Type.String()), readonly: Type.Boolean() },
  strict,
);

/** A volume with all that is known of it; with `details=false` uuid and name alone. */
export const VolumeDetails = Type.Object(
  {
    ...resultFields,
    size_mb: Type.Optional(Type.Integer({ minimum: 0, description: "Size in MiB, rounded down" })),
    attached_to: Type.Optional(Type.Array(Attached)),
    mounted_by: Type.Optional(Type.Array(Mounted, { description: "Running instances that have it" })),
    persistent: Type.Optional(Type.Boolean({ description: "Always true: no volume ends with an instance" })),
    created_at: Type.Optional(Type.String({ format: "date-time", description: "ISO 8601, in UTC" })),
    tags: Type.Optional(Type.Array(Type.String())),
    quota_policy: Type.Optional(QuotaPolicy),
    delete_lock: Type.Optional(Type.Boolean({ description: "Whether it is kept from being deleted" })),
    access_mode: Type.Optional(AccessMode),
  },
  strict,
);
export type VolumeDetails = Static<typeof VolumeDetails>;

const TotalMb = Type.Integer({ minimum: 0, description: "MiB" });
export const Quotas = Type.Object(
  {
    status: ItemStatus,
    uuid: Type.String({ format: "uuid", description: "All zeros: the host has one account" }),
    used: Type.Object({ volumes: Type.Integer({ minimum: 0 }), total_volume_mb: TotalMb }, strict),
    hard: Type.Object({ total_volume_mb: TotalMb }, strict),
    limits: Type.Object({ min_volume_mb: TotalMb, max_volume_mb: TotalMb }, strict),
  },
  strict,
);

const envelopeFields = { status: EnvelopeStatus, message: Type.Optional(Type.String()), op_time_us: OpTime };

export interface EnvelopeOf<T> {
  status: "success" | "partial_success" | "error";
  message?: string;
  data: { volumes: T[] };
  op_time_us: number;
}

export const FailureEnvelope = Type.Object(
  {
    ...envelopeFields,
    data: Type.Object({ volumes: Type.Array(VolumeResult, { maxItems: 0 }) }, strict),
    errors: Type.Array(
      Type.Object(
        { status: Type.Integer({ description: "HTTP status" }), message: Type.String(), error: ErrorNumber },
        strict,
      ),
      { description: "Why the whole request failed" },
    ),
  },
  { ...strict, description: "The whole request failed" },
);
export type FailureEnvelope = Static<typeof FailureEnvelope>;

/** The answers of an operation on volumes, for its schema. */
export function answersWith<T extends TSchema>(item: T, description: string, example: Static<T>[]) {
  return answers({ volumes: Type.Array(item) }, description, {
    status: "success",
    data: { volumes: example },
    op_time_us: 1234,
  });
}

/** The answers of an operation by what `data` holds. */
export function answers<T extends TProperties>(data: T, description: string, example: object) {
  const envelope = Type.Object(
    { ...envelopeFields, data: Type.Object(data, strict) },
    { ...strict, description, examples: [example] },
  );
  // What HTTP itself refuses has no route yet, and so not the form of either API.
  const { 408: late, 431: tooLarge } = refusedBeforehand;
  return { 200: envelope, 408: late, 431: tooLarge, "4xx": FailureEnvelope, "5xx": FailureEnvelope };
}
