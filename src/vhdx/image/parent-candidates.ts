import { posix, win32 } from "node:path";
import { isWindows, thisPlatform } from "../../kit/platform.ts";
import { isDeviceName } from "../../kit/windows-paths.ts";
import type { ParentLocator } from "../format/parent-locator.ts";

const drivePath = /^[A-Za-z]:[\\/]/;
const volumePath = /^\\\\\?\\Volume\{[\da-fA-F-]{36}\}\\/;
/** Not relative, whatever it claims: rooted, a share, a device, or on another drive. */
const rooted = /^[\\/]|^[A-Za-z]:/;
/** From the root of the file system; two separators would make a share of it. */
const posixAbsolute = /^[\\/](?![\\/])/;

/**
 * Places to look for a parent, best first, as its child in the directory `home` names it. UNC and device paths give none:
 * opening one sends the machine's credentials to whoever wrote the locator. [MS-VHDX] 2.6.2.6.3
 */
export function parentCandidates(
  home: string,
  locator: ParentLocator,
  platform: NodeJS.Platform = thisPlatform,
): string[] {
  return isWindows(platform) ? onWindows(home, locator) : onPosix(home, locator);
}

function onWindows(home: string, locator: ParentLocator): string[] {
  const { relativePath, volumePath: volume, absolutePath } = locator;
  const candidates: string[] = [];
  if (isRelative(relativePath) && namesFile(relativePath)) candidates.push(win32.join(home, relativePath));
  for (const path of [volume, absolutePath]) {
    if (path === undefined) continue;
    const [start] = volumePath.exec(path) ?? drivePath.exec(path) ?? [];
    if (start !== undefined && namesFile(path.slice(start.length))) candidates.push(win32.normalize(path));
  }
  return candidates;
}

function onPosix(home: string, locator: ParentLocator): string[] {
  const { relativePath, volumePath: volume, absolutePath } = locator;
  const candidates: string[] = [];
  if (isRelative(relativePath)) candidates.push(posix.join(home, fromWindows(relativePath)));
  if (absolutePath !== undefined && posixAbsolute.test(absolutePath)) {
    // createChild spells its own paths with backslashes.
    candidates.push(absolutePath.startsWith("/") ? absolutePath : fromWindows(absolutePath));
  }
  // A file that came from Windows: its neighbour came with it.
  for (const path of [relativePath, volume, absolutePath]) {
    const name = path === undefined ? "" : win32.basename(path);
    if (!["", ".", ".."].includes(name)) candidates.push(posix.join(home, name));
  }
  return [...new Set(candidates)];
}

function isRelative(path: string | undefined): path is string {
  return path !== undefined && path !== "" && !rooted.test(path);
}

/** False for a stream of a file, which has a colon, and for a device. */
function namesFile(path: string): boolean {
  if (path.includes(":")) return false;
  return path.split(/[\\/]/).every((name) => !isDeviceName(name));
}

function fromWindows(path: string): string {
  return path.replaceAll("\\", "/");
}
