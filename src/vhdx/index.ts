/** VHDX files without Windows; README.md is the guide. Format: [MS-VHDX] Virtual Hard Disk v2 (VHDX) File Format. */
export { type OpenOptions, ReadableDisk, withReadableDisk } from "./disk/readable-disk.ts";
export { WritableDisk } from "./disk/writable-disk.ts";
export { VhdxError } from "./error.ts";
export type { DiskParameters, VhdxType } from "./format/disk-parameters.ts";
export { scsiPage83 } from "./format/page83.ts";
export type { ParentLocator } from "./format/parent-locator.ts";
export {
  inspectVhdx,
  looksLikeVhdx,
  readIdentity,
  type VhdxIdentity,
  type VhdxInfo,
} from "./image/inspect.ts";
export {
  type OpenedParent,
  type ParentReference,
  type ParentResolver,
  parentsInside,
} from "./image/parent-resolver.ts";
export { renewWriteGuids } from "./image/write-guids.ts";
export { type ChangedRange, changedRanges, type ChangesOptions } from "./operations/changes.ts";
export {
  type CheckOptions,
  type CheckReport,
  checkVhdx,
  type Finding,
  type Severity,
} from "./operations/check.ts";
export {
  type Clone,
  cloneUnnamedVhdx,
  type CloneUnnamedOptions,
  cloneVhdx,
  type CloneOptions,
  renewIdentity,
} from "./operations/clone.ts";
export { type CompactOptions, type CompactReport, compactVhdx } from "./operations/compact.ts";
export {
  convertDisk,
  convertUnnamedDisk,
  type ConvertOptions,
  type DiskFormat,
} from "./operations/convert.ts";
export { createChild, type CreateChildOptions } from "./operations/create-child.ts";
export { createUnnamedVhdx, createVhdx } from "./operations/create.ts";
export { growFixed, type GrowFixedOptions } from "./operations/grow.ts";
export { type AllocatedExtent, mapDisk, type MapOptions } from "./operations/map.ts";
export {
  type NewChildOptions,
  type NewDiskOptions,
  type NewImage,
  newVhdxImage,
  type NewImageOptions,
} from "./operations/new-image.ts";
export { type RepairReport, repairVhdx } from "./operations/repair.ts";
export { resizeVhdx, type ResizeOptions } from "./operations/resize.ts";
export { isBlockSize } from "./format/disk-parameters.ts";
