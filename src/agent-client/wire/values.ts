import { Type, type TSchema } from "typebox";

/** Sizes stay below 2^53. */
export const Bytes = Type.Integer({ minimum: 0 });
export const Texts = Type.Record(Type.String(), Type.String());
export const OrNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
/** RFC 3339, in UTC. */
export const Time = Type.String();

/** Of the examples. */
export const VOLUME_ID = "6f1c0c4e-7c5b-4c53-9a4e-2d1f3b7a9e10";
export const VM_ID = "c6f3f9a2-5a3e-4f0f-8f43-5f0d7a0c9b11";
export const SNAPSHOT_ID = "0d9b3f57-2f6e-4c58-8d1b-7d2e4f6a8c90";
export const TIME = "2026-05-04T03:02:01.000Z";
