/** VHDX files without Windows: create, inspect, grow. Format: [MS-VHDX] Virtual Hard Disk v2 (VHDX) File Format. */
export { createVhdx } from "./operations/create.ts";
export type { VhdxType } from "./format/disk-parameters.ts";
export { VhdxError } from "./error.ts";
export { growDynamic, growFixed, type GrowFixedOptions } from "./operations/grow.ts";
export { inspectVhdx, readIdentity, type VhdxIdentity, type VhdxInfo } from "./image/inspect.ts";
export { newVhdxImage, type NewImage, type NewImageOptions } from "./operations/new-image.ts";
export { scsiPage83 } from "./format/page83.ts";
export { renewWriteGuids } from "./image/write-guids.ts";
