import { dirname } from "node:path";
import { Option } from "commander";
import { type ParentResolver, parentsInside } from "../../vhdx/index.ts";

/** Options that several of the commands share. */
export interface ImageOptions {
  readonly parentDir: readonly string[];
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export function parentDirOption(): Option {
  return new Option(
    "--parent-dir <dir>",
    "where parents may be, more than once for several (default: the directory of the file)",
  )
    .argParser((value: string, before: readonly string[]) => [...before, value])
    .default([], "");
}

export function jsonOption(): Option {
  return new Option("--json", "print JSON for programs");
}

export function quietOption(): Option {
  return new Option("--quiet", "no progress bar");
}

/** Finds parents where the options allow it: the paths in a file are a stranger's. */
export function parentsFor(path: string, { parentDir }: ImageOptions): ParentResolver {
  return parentsInside(parentDir.length === 0 ? [dirname(path)] : parentDir);
}
