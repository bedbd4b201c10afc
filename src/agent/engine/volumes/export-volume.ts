import { link, rm, stat } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { hasErrno, isNotFound, StatusError } from "../../../kit/errors.ts";
import { cloneUnnamedVhdx, convertUnnamedDisk } from "../../../vhdx/index.ts";
import type { CallContext } from "../engine.ts";
import type { EngineParts } from "../parts.ts";
import { flushDirectory } from "../../../kit/durable-file.ts";
import { rename } from "../../../kit/rename.ts";
import { requireDetached, soundVolume } from "./known-volume.ts";
import { placeInTransferDirectory } from "./transfer-directory.ts";

/**
 * Writes a detached volume to a new file in the transfer directory, as VHDX or, by its ending, as raw bytes. The file
 * gets its name when all of it is durable; what a crash leaves, `.<name>.partial`, goes with the next try.
 */
export async function exportVolume(
  parts: EngineParts,
  id: string,
  file: string,
  { signal, onProgress }: CallContext,
): Promise<void> {
  const volume = await soundVolume(parts, id);
  await requireDetached(parts, id);
  const target = await placeInTransferDirectory(parts, file);
  const partial = join(dirname(target), `.${basename(target)}.partial`);
  await rm(partial, { force: true });
  await requireAbsent(target);
  const options = {
    signal,
    onProgress: (done: bigint, total: bigint) =>
      onProgress?.(total === 0n ? 1 : Number(done) / Number(total)),
  };
  try {
    if (extname(target).toLowerCase() === ".vhdx") await cloneUnnamedVhdx(volume.path, partial, options);
    else await convertUnnamedDisk(volume.path, partial, { ...options, from: "vhdx", to: "raw" });
    await giveName(partial, target);
  } finally {
    await rm(partial, { force: true });
  }
}

async function giveName(partial: string, target: string): Promise<void> {
  try {
    await link(partial, target);
  } catch (error) {
    if (hasErrno(error, "EEXIST")) throw taken(target);
    if (!hasErrno(error, "EPERM") && !hasErrno(error, "ENOTSUP")) throw error;
    // A file system without hard links.
    await requireAbsent(target);
    await rename(partial, target);
  }
  await flushDirectory(dirname(target));
}

async function requireAbsent(path: string): Promise<void> {
  try {
    await stat(path);
  } catch (error) {
    if (isNotFound(error)) return;
    throw error;
  }
  throw taken(path);
}

function taken(path: string): StatusError {
  return new StatusError("ALREADY_EXISTS", `${path} exists already`);
}
