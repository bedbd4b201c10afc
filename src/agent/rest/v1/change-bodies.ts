import { type Static, Type } from "typebox";
import { eitherId } from "./bodies.ts";
import { nullable, QuotaPolicy, SizeMb, Tag, Tags, Uuid, VolumeName } from "./fields.ts";

/** What a PATCH carries: one property of one volume an item. */

const change = {
  prop: Type.Enum(["size_mb", "tags", "quota_policy", "delete_lock"], { description: "What to change" }),
  op: Type.Enum(["set", "add", "del"], {
    description: "set for all; add and del for tags; del of a lock lifts it",
  }),
  value: Type.Optional(
    Type.Union([Type.Integer(), Type.Boolean(), Type.String(), Type.Array(Type.String()), Type.Null()], {
      description:
        "size_mb: MiB, not less than it has; tags: a tag or an array; delete_lock: a boolean; quota_policy: what it has",
    }),
  ),
  id: nullable(Type.String({ maxLength: 255, description: "The client's own id of this change, echoed" })),
};

const given = (prop: string, ops: string[], value: object) => ({
  properties: { prop: { const: prop }, op: { enum: ops }, value },
  required: ["value"],
});
const without = (prop: string) => ({
  properties: { prop: { const: prop }, op: { const: "del" }, value: { type: "null" } },
});

/** Which values go with which property and op. */
const fitting = {
  additionalProperties: false,
  anyOf: [
    given("size_mb", ["set"], SizeMb),
    given("tags", ["set"], Tags),
    given("tags", ["add", "del"], { anyOf: [Tag, Tags] }),
    without("tags"),
    given("quota_policy", ["set"], QuotaPolicy),
    given("delete_lock", ["set"], { type: "boolean" }),
    without("delete_lock"),
  ],
  "x-rule":
    "prop, op and value do not fit together: size_mb set INTEGER, tags set|add|del TAGS, quota_policy set POLICY, delete_lock set BOOLEAN",
};

export const ChangeItem = Type.Object(
  { uuid: nullable(Uuid), name: nullable(VolumeName), ...change },
  { ...fitting, ...eitherId },
);
export const LocalChangeItem = Type.Object(change, fitting);
export type Change = Static<typeof LocalChangeItem>;
