import { Type } from "typebox";

/** Parameters of paths and queries. An error says `NAME is not DESCRIPTION`: descriptions are written for that. */
const GUID = "6f1c0c4e-7c5b-4c53-9a4e-2d1f3b7a9e10";
const WHOLE_NUMBER = "^[0-9]{1,19}$";

export const VolumeName = Type.String({
  description: "a volume's name, up to 128 bytes that a file name can have on Windows",
  examples: ["pvc-0b7e4a9c"],
});
export const FileName = Type.String({
  description: "what a volume's file is named instead of as the volume, with the same characters as that",
  examples: ["team-a_database"],
});
export const SnapshotName = Type.String({
  description: "a snapshot's or group's name, up to 128 bytes that a file name can have on Windows",
  examples: ["snapshot-41d2"],
});
export const Id = Type.String({ description: "an id, a GUID in any case", examples: [GUID] });
export const IdOrName = Type.String({ description: "an id in any case, else a name", examples: [GUID] });
export const Bytes = Type.String({
  pattern: WHOLE_NUMBER,
  description: "a whole number of bytes below 2^63",
  examples: ["10737418240"],
});
export const PoolName = Type.String({ description: "the name of a pool", examples: ["default"] });
export const Flag = Type.String({
  pattern: "^(true|false)$",
  description: "true or false",
  examples: ["true"],
});
export const Count = Type.String({
  pattern: "^[0-9]{0,9}$",
  description: "a whole number from 0 to 999999999",
  examples: ["100"],
});
/** One or several; a single text is taken for a list of one. */
export const Pairs = Type.Array(
  Type.String({ pattern: "^[^=]+=", description: "KEY=VALUE", examples: ["team=storage"] }),
  {
    maxItems: 64,
  },
);
export const Keys = Type.Array(Type.String({ description: "a label's key", examples: ["team"] }), {
  maxItems: 64,
});
export const Ids = Type.Array(Id, { minItems: 1, maxItems: 256 });
export const Token = Type.String({ description: "the next_token of the page before" });
