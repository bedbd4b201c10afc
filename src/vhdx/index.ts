/** VHDX files without Windows: create, inspect, grow. Format: [MS-VHDX] Virtual Hard Disk v2 (VHDX) File Format. */
export { createVhdx } from "./create.ts";
export type { VhdxType } from "./disk-parameters.ts";
export { VhdxError } from "./error.ts";
export { growDynamic, growFixed, type GrowFixedOptions } from "./grow.ts";
export { inspectVhdx, readIdentity, type VhdxIdentity, type VhdxInfo } from "./inspect.ts";
export { newVhdxImage, type NewImage, type NewImageOptions } from "./new-image.ts";
export { scsiPage83 } from "./page83.ts";
export { renewWriteGuids } from "./write-guids.ts";
