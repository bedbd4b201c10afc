import { realpath, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isNotFound, StatusError } from "../../../kit/errors.ts";
import { checkDiskName } from "../names.ts";
import type { EngineParts } from "../parts.ts";

/** A regular file of the transfer directory. @throws StatusError NOT_FOUND, INVALID_ARGUMENT */
export async function existingFile(parts: EngineParts, file: string): Promise<string> {
  const path = await placeInTransferDirectory(parts, file);
  try {
    // What is no file is not opened: that alone can hang. A link could lead out of the directory.
    if ((await realpath(path)) === path && (await stat(path)).isFile()) return path;
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new StatusError("NOT_FOUND", `${path} does not exist`, error);
  }
  throw new StatusError("INVALID_ARGUMENT", `${path} is no regular file`);
}

/** A file directly in the transfer directory. @throws StatusError FAILED_PRECONDITION without one; INVALID_ARGUMENT */
export async function placeInTransferDirectory({ settings }: EngineParts, file: string): Promise<string> {
  const directory = settings.transferDirectory;
  if (directory === undefined) {
    throw new StatusError(
      "FAILED_PRECONDITION",
      "this agent has no transfer directory: set transferDirectory",
    );
  }
  checkDiskName("file", file);
  const path = join(await realpath(directory), file);
  if (dirname(path) === (await realpath(directory))) return path;
  throw new StatusError("INVALID_ARGUMENT", `${JSON.stringify(file)} is not the name of a file`);
}
