import type { OpenOptions } from "../../../../src/vhdx/disk/readable-disk.ts";
import type { ReadableFile } from "../../../../src/vhdx/storage/file.ts";

interface Finding {
  readonly severity: "error" | "warning" | "information";
}

type Check = (
  file: ReadableFile,
  name: string,
  options: OpenOptions,
) => Promise<{ readonly findings: readonly Finding[]; readonly isClean: boolean }>;

/** The library's own check of a file; undefined as long as there is none. */
export const checkFile = undefined as Check | undefined;
