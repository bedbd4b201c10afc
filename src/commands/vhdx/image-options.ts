import { dirname } from "node:path";
import { InvalidArgumentError, Option } from "commander";
import { type ParentResolver, parentsInside } from "../../vhdx/index.ts";

/** Options that all of the commands may have. */
export interface OutputOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Options of the commands that open a disk with its parents. */
export interface ImageOptions extends OutputOptions {
  readonly parentDir: readonly string[];
}

export function parentDirOption(): Option {
  return new Option("--parent-dir <dir>", "where parents may be, more than once for several")
    .argParser((value: string, before: readonly string[]) => [...before, value])
    .default([], "the directory of the file");
}

export function jsonOption(): Option {
  return new Option("--json", "print JSON for programs");
}

export function quietOption(): Option {
  return new Option("--quiet", "no progress bar");
}

export function wantsBar({ json = false, quiet = false }: OutputOptions): boolean {
  return !json && !quiet;
}

/** Finds parents where the options allow it: the paths in a file are a stranger's. */
export function parentsFor(path: string, { parentDir }: ImageOptions): ParentResolver {
  return parentsInside(parentDir.length === 0 ? [dirname(path)] : parentDir);
}

/** @throws InvalidArgumentError */
export function readGuid(text: string): string {
  if (/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError("A GUID looks like 7f0f1b2e-5c3d-4e8a-9b1c-2d3e4f5a6b7c.");
}
