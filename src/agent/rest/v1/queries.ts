import { Type } from "typebox";
import { MOST_ITEMS } from "./bodies.ts";
import { nullable, Tag, Uuid, VolumeName, volumeStates } from "./fields.ts";

/** What requests ask for behind the `?`: lists as repeated keys, comma-separated, or both. */

const strict = { additionalProperties: false };

const selection = {
  uuid: Type.Optional(
    Type.Array(Uuid, {
      minItems: 1,
      maxItems: MOST_ITEMS,
      description: "UUIDs of volumes",
      examples: [["6f1c0c4e-7c5b-4c53-9a4e-2d1f3b7a9e10"]],
    }),
  ),
  name: Type.Optional(
    Type.Array(VolumeName, {
      minItems: 1,
      maxItems: MOST_ITEMS,
      description: "Names of volumes. One with a comma can only be given in a body.",
      examples: [["data", "logs"]],
    }),
  ),
};
export const SelectionQuery = Type.Object(selection, strict);

const Details = Type.Boolean({ description: "Whether to answer more than uuid and name", examples: [true] });
const filters = {
  persistent: Type.Boolean({
    description: "Only volumes with this persistence. All are persistent.",
    examples: [true],
  }),
  state: Type.Enum([...volumeStates], { description: "Only volumes in this state", examples: ["available"] }),
  tags: Type.Array(Tag, {
    minItems: 1,
    maxItems: 16,
    description: "Only volumes that have all of these tags",
    examples: [["team-a"]],
  }),
  count: Type.Integer({
    minimum: 1,
    maximum: 1_000_000,
    description: "Most volumes to answer",
    examples: [100],
  }),
  from: Type.String({
    ...Uuid,
    description: "UUID of the last volume of the page before: the answer begins behind it",
    examples: ["6f1c0c4e-7c5b-4c53-9a4e-2d1f3b7a9e10"],
  }),
  order: Type.Enum(["asc", "desc"], { description: "asc by default", examples: ["desc"] }),
  sortby: Type.Enum(["create_time"], {
    description: "By UUID when it is left out",
    examples: ["create_time"],
  }),
};
const optionalFilters = Type.Partial(Type.Object(filters)).properties;

export const DetailsQuery = Type.Object({ details: Type.Optional(Details) }, strict);
export const ListQuery = Type.Object({ details: Type.Optional(Details), ...optionalFilters }, strict);
export const GetQuery = Type.Object(
  { ...selection, details: Type.Optional(Details), ...optionalFilters },
  strict,
);

/** The filters as the body of a list. */
export const ListBody = Type.Union(
  [
    Type.Object(
      {
        persistent: nullable(filters.persistent),
        state: nullable(filters.state),
        tags: nullable(filters.tags),
        count: nullable(filters.count),
        from: nullable(filters.from),
        order: nullable(filters.order),
        sortby: nullable(filters.sortby),
      },
      strict,
    ),
    Type.Null(),
  ],
  { description: "The filters, where a client can send a body here", examples: [{ state: "available" }] },
);
