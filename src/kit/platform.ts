/**
 * The system that this program runs on. Nothing else asks for it: what differs takes a platform, this one by default, so that
 * tests can name another.
 */
export const thisPlatform: NodeJS.Platform = process.platform;

export function isWindows(platform: NodeJS.Platform = thisPlatform): boolean {
  return platform === "win32";
}

export function isLinux(platform: NodeJS.Platform = thisPlatform): boolean {
  return platform === "linux";
}
