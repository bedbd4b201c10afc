import { getSystemErrorName } from "node:util";
import type { FileSystem } from "./port.ts";
import { forcedBlockClone } from "./forced-block-clone.ts";
import type { Native } from "../../kit/native.ts";

/** <unistd.h>, <linux/falloc.h>. */
const SEEK_DATA = 3;
const SEEK_HOLE = 4;
const FALLOC_FL_KEEP_SIZE = 1;
const FALLOC_FL_PUNCH_HOLE = 2;

/** What a file system answers that can't tell or make holes. */
const cannot = new Set(["EOPNOTSUPP", "ENOTSUP", "ENOSYS", "EINVAL"]);

/** lseek(2) tells holes, fallocate(2) makes them. The position that lseek moves is used by nobody: all reads name theirs. */
export function linuxFileSystem(native: Native): FileSystem {
  const libc = native.load(null);
  const lseek = libc.func("int64_t lseek64(int fd, int64_t offset, int whence)");
  const fallocate = libc.func("int fallocate64(int fd, int mode, int64_t offset, int64_t length)");

  /** Undefined when there is none behind `offset`, or nobody knows. */
  const seek = (descriptor: number, offset: bigint, whence: number): bigint | "none" | "unknown" => {
    const found = BigInt(lseek(descriptor, offset, whence) as number);
    if (found >= 0n) return found;
    const code = codeOf(native.errno());
    if (code === "ENXIO") return "none";
    if (cannot.has(code)) return "unknown";
    throw systemError(code, "lseek");
  };

  return {
    nextData(descriptor, from, to) {
      if (from >= to) return undefined;
      const start = seek(descriptor, from, SEEK_DATA);
      if (start === "unknown") return { start: from, end: to };
      if (start === "none" || start >= to) return undefined;
      const hole = seek(descriptor, start, SEEK_HOLE);
      return { start, end: typeof hole === "bigint" && hole < to ? hole : to };
    },
    punch: (descriptor, offset, length) =>
      new Promise((resolve, reject) => {
        const mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
        // In a thread of its own: a large range takes its time.
        fallocate.async(descriptor, mode, offset, length, (error: Error | null, result: number) => {
          const code = result === 0 ? "" : codeOf(native.errno());
          if (error) reject(error);
          else if (result === 0) resolve(true);
          else if (cannot.has(code)) resolve(false);
          else reject(systemError(code, "fallocate"));
        });
      }),
    cloneFile: forcedBlockClone,
    // A sparse file is what a thin volume is on this platform.
    refuseUnfit: () => undefined,
  };
}

function codeOf(errno: number): string {
  return getSystemErrorName(-errno);
}

function systemError(code: string, syscall: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${syscall}`), { code, syscall });
}
