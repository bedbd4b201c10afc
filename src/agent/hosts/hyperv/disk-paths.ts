import { posix, win32 } from "node:path";

const GUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
/** `NAME;ID.vhdx`, and what Hyper-V makes of it for a checkpoint. */
const DISK_FILE = new RegExp(`;(${GUID})(?:_${GUID})*\\.a?vhdx$`, "i");

/** The volume that a file would be in one of our pools; a name alone, which proves nothing. */
export function volumeIdInName(path: string): string | undefined {
  return DISK_FILE.exec(path)?.[1]?.toLowerCase();
}

/** Compares paths as the host's file system does. */
export interface PathRules {
  same(one: string, other: string): boolean;
  /** True for a file right in the directory. */
  isIn(path: string, directory: string): boolean;
}

/** Windows knows no case, either slash, and a prefix for long paths. */
export function pathRules(platform: NodeJS.Platform): PathRules {
  if (platform !== "win32") {
    const plain = (path: string) => posix.resolve(path);
    return {
      same: (one, other) => plain(one) === plain(other),
      isIn: (path, directory) => posix.dirname(plain(path)) === plain(directory),
    };
  }
  const plain = (path: string) =>
    win32.resolve(path.replace(/^\\\\\?\\UNC\\/i, "\\\\").replace(/^\\\\\?\\/, "")).toLowerCase();
  return {
    same: (one, other) => plain(one) === plain(other),
    isIn: (path, directory) => win32.dirname(plain(path)) === plain(directory),
  };
}
