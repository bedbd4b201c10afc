import type { FileSystem } from "./port.ts";
import { forcedBlockClone } from "./forced-block-clone.ts";

/** What Node can do by itself: every byte may be data, and no space can be given back. */
export const plainFileSystem: FileSystem = {
  nextData: (_descriptor, start, end) => (start < end ? { start, end } : undefined),
  punch: () => Promise.resolve(false),
  cloneFile: forcedBlockClone,
  refuseUnfit: () => undefined,
};
