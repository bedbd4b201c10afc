import { Type, type Static } from "typebox";

/** `code` is gRPC's status number. */
export const ErrorAnswer = Type.Object(
  { code: Type.Integer(), message: Type.String() },
  { examples: [{ code: 5, message: "there is no volume with this id" }] },
);
export type ErrorAnswer = Static<typeof ErrorAnswer>;
