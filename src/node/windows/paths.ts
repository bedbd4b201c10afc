import { isDeviceName, MAX_PATH } from "../../kit/windows-paths.ts";
import type { PathRules } from "../path-rules.ts";

/**
 * Windows' rules for paths, wherever this runs. Kubelet writes `C:\var\lib\kubelet\…`, and now and then the same with
 * slashes or without the drive, which then is C:. Every other drive is named.
 */
export const windowsPaths: PathRules = {
  canonical: (path) => {
    const rest = withDrive(withoutPrefix(path.replaceAll("/", "\\")));
    const drive = /^([A-Za-z]):\\/.exec(rest)?.[1];
    if (drive === undefined) return undefined;
    const parts = rest.slice(3).split("\\");
    const kept = parts.filter((part) => part !== "" && part !== ".");
    if (kept.length === 0 || !kept.every(isName)) return undefined;
    const plain = `${drive.toUpperCase()}:\\${kept.join("\\")}`;
    return plain.length > LONGEST_PATH ? undefined : plain;
  },
  areSame: (one, other) => folded(one) === folded(other),
};

/** UTF-16 units of the longest path that Windows takes in its long form, `\\?\` and the zero at the end included. */
const LONGEST_PATH = 32_767 - 5;

/** SetVolumeMountPoint takes at most MAX_PATH with the backslash and the zero at the end. */
const LONGEST_MOUNT_POINT = MAX_PATH - 2;

/** False for a directory in which Windows can't show a volume, because its path is too long. */
export function canBeMountPoint(path: string): boolean {
  return path.length <= LONGEST_MOUNT_POINT;
}

/**
 * Of the long form only what names a drive is a path of a directory: `\\?\UNC\`, `\\?\Volume{…}\`, devices (`\\.\`) and
 * names of NT (`\??\`) keep their prefix and are refused by it.
 */
function withoutPrefix(path: string): string {
  return path.replace(/^\\\\\?\\(?=[A-Za-z]:\\)/, "");
}

/** As kubelet does it: a path from the root of no drive is one of C:. A share, `\\server\share`, is none. */
function withDrive(path: string): string {
  return /^\\(?![\\?])/.test(path) ? `C:${path}` : path;
}

/**
 * True for a name that means what it says: no wildcard, no stream, no device, no way upwards, and nothing at its end that
 * Windows leaves out.
 */
function isName(part: string): boolean {
  return !/[\u0000-\u001f<>:"|?*]/.test(part) && !/[. ]$/.test(part) && !isDeviceName(part);
}

/** As NTFS compares names: letter by letter, in upper case where that leads back to the same letter. */
function folded(path: string): string {
  return path.replace(/[^\0-\x40]/g, (letter) => {
    const upper = letter.toUpperCase();
    return upper.length === 1 && upper.toLowerCase() === letter ? upper : letter;
  });
}
