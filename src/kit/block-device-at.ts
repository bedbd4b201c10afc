import { callInThread, nativeLibraries } from "./native.ts";
import { runAny } from "./run.ts";

/**
 * The numbers of the block devices that paths lead to, `8:16`; undefined for one that leads to something else, or
 * nowhere any more. No file system is asked to make sure of what the kernel knows of an open file: a server that is
 * gone would hold up whoever asks, for ever.
 */
export type BlockDevicesAt = (paths: readonly string[]) => Promise<(string | undefined)[]>;

/** <fcntl.h>, <linux/stat.h>; see statx(2). */
const AT_FDCWD = -100;
const AT_NO_AUTOMOUNT = 0x800;
const AT_STATX_DONT_SYNC = 0x4000;
const STATX_TYPE = 1;
/** struct statx, bytes, and where its fields lie. */
const STATX_BYTES = 256;
const MODE = 28;
const RDEV_MAJOR = 128;
const RDEV_MINOR = 132;

/** <sys/stat.h> */
const S_IFMT = 0o170000;
const S_IFBLK = 0o060000;

/** Paths looked at at once, so that the calls of others wait for no more than these. */
const MOST_LOOKS = 16;

/** Paths that one program is given. */
const MOST_ARGUMENTS = 1000;
const LONGEST_RUN_MS = 10_000;

/** The way of this machine. */
export const blockDevicesAt: BlockDevicesAt = (paths) => {
  chosen ??= blockDevicesByCall() ?? blockDevicesByProgram;
  return chosen(paths);
};
let chosen: BlockDevicesAt | undefined;

/** By statx(2). Undefined where koffi or the call is missing. */
export function blockDevicesByCall(): BlockDevicesAt | undefined {
  try {
    const statx = nativeLibraries()
      ?.load(null)
      .func("int statx(int directory, const char *path, int flags, unsigned int mask, void *answer)");
    if (statx === undefined) return undefined;
    const flags = AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC;
    const lookAt = async (path: string) => {
      const answer = Buffer.alloc(STATX_BYTES);
      if ((await callInThread<number>(statx, AT_FDCWD, path, flags, STATX_TYPE, answer)) !== 0)
        return undefined;
      return numberOf(
        answer.readUInt16LE(MODE),
        answer.readUInt32LE(RDEV_MAJOR),
        answer.readUInt32LE(RDEV_MINOR),
      );
    };
    return async (paths) => {
      const found: (string | undefined)[] = [];
      for (let at = 0; at < paths.length; at += MOST_LOOKS) {
        found.push(...(await Promise.all(paths.slice(at, at + MOST_LOOKS).map(lookAt))));
      }
      return found;
    };
  } catch {
    return undefined;
  }
}

/**
 * By stat(1) of GNU coreutils 8.32 or later, in a process that can be killed. Another stat finds nothing.
 * @throws StatusError UNAVAILABLE when it is missing, DEADLINE_EXCEEDED when it is held up all the same
 */
export const blockDevicesByProgram: BlockDevicesAt = async (paths) => {
  const numbers = new Map<string, string | undefined>();
  for (let at = 0; at < paths.length; at += MOST_ARGUMENTS) {
    const some = paths.slice(at, at + MOST_ARGUMENTS);
    const args = ["--cached=always", "--dereference", "--printf=%f %t %T %n\\0", "--", ...some];
    const { stdout } = await runAny("stat", args, AbortSignal.timeout(LONGEST_RUN_MS));
    for (const line of stdout.split("\0")) {
      const [mode = "", major = "", minor = "", ...path] = line.split(" ");
      numbers.set(path.join(" "), numberOf(Number(`0x${mode}`), Number(`0x${major}`), Number(`0x${minor}`)));
    }
  }
  return paths.map((path) => numbers.get(path));
};

function numberOf(mode: number, major: number, minor: number): string | undefined {
  return (mode & S_IFMT) === S_IFBLK ? `${major}:${minor}` : undefined;
}
