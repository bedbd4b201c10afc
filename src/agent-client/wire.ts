/**
 * JSON of the volume service API, shared by the agent and its clients. Keys are written as that API's clients read
 * them: a volume in lower case, list items and most answers in PascalCase.
 */
export * from "./wire/volumes.ts";
export * from "./wire/attachments.ts";
export * from "./wire/pools.ts";
export * from "./wire/snapshots.ts";
export * from "./wire/care.ts";
export * from "./wire/vms.ts";
export * from "./wire/errors.ts";
