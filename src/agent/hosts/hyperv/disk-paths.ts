import { posix, win32 } from "node:path";
import { isWindows, thisPlatform } from "../../../kit/platform.ts";

const GUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
/** `NAME;ID.vhdx`, and what Hyper-V makes of it for a checkpoint. */
const DISK_FILE = new RegExp(`;(${GUID})(?:_${GUID})*\\.a?vhdx$`, "i");

/** The volume that a file would be in one of our pools; a name alone, which proves nothing. */
export function volumeIdInName(path: string): string | undefined {
  return DISK_FILE.exec(path)?.[1]?.toLowerCase();
}

/** True for a directory on another machine's share, in every form in which Windows takes one. */
export function isOnShare(directory: string): boolean {
  const path = directory.replaceAll("/", "\\");
  return /^\\\\[?.]\\UNC\\/i.test(path) || /^\\\\(?![?.]\\)/.test(path);
}

/** True for a file right in a directory, as the host's file system sees it. */
export type IsIn = (path: string, directory: string) => boolean;

/** Windows knows no case, either slash, and a prefix for long paths. */
export function isInOn(platform: NodeJS.Platform = thisPlatform): IsIn {
  const rules = isWindows(platform) ? win32 : posix;
  const plain = (path: string) =>
    isWindows(platform) ? rules.resolve(withoutPrefix(path)).toLowerCase() : rules.resolve(path);
  return (path, directory) => rules.dirname(plain(path)) === plain(directory);
}

function withoutPrefix(path: string): string {
  return path.replace(/^\\\\\?\\UNC\\/i, "\\\\").replace(/^\\\\\?\\/, "");
}
