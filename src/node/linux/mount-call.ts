import { libmountCall, type MountCall, type MountRequest } from "./libmount.ts";
import { runLimitedAny } from "./tools.ts";

/** What mount(8) is told. */
export function mountArguments({ device, path, fsType, options }: MountRequest): string[] {
  const withOptions = options.length === 0 ? [] : ["-o", options.join(",")];
  return ["-t", fsType, ...withOptions, device, path];
}

/** The program mount. */
export const mountProgram: MountCall = (request) => runLimitedAny("mount", mountArguments(request));

/**
 * Mounts by the library, which saves the start of a program, as long as fewer than `most` calls are in it. A mount that
 * hangs in the kernel keeps its thread, and others need threads, too: all further ones are the program's.
 */
export function mountBy(library: MountCall | undefined, program: MountCall, most: number): MountCall {
  if (library === undefined) return program;
  let inLibrary = 0;
  return async (request) => {
    if (inLibrary >= most) return await program(request);
    inLibrary++;
    try {
      return await library(request);
    } finally {
      inLibrary--;
    }
  };
}

/** The way of this machine: a quarter of the threads may mount. */
export const mountFileSystem: MountCall = async (request) => {
  chosen ??= mountBy(libmountCall(), mountProgram, Math.floor(threads() / 4));
  return await chosen(request);
};
let chosen: MountCall | undefined;

/** Of libuv's pool, which has 4 unless it is told otherwise. */
function threads(): number {
  return Number(process.env["UV_THREADPOOL_SIZE"] ?? 4);
}
