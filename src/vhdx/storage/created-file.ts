import { rm } from "node:fs/promises";
import { fileSystem } from "../platform/file-system.ts";
import { Descriptor } from "./descriptor.ts";
import { type FillableFile, fillable } from "./fillable-file.ts";

/**
 * Runs `use` on a file that was not there (EEXIST otherwise) and is its owner's alone, and closes it whatever happens.
 * It is not looked at: nothing but a regular file can come of it. VhdxError, and no file, when it can't be a disk's.
 */
export async function withCreatedFile<T>(path: string, use: (file: FillableFile) => Promise<T>): Promise<T> {
  const descriptor = await Descriptor.open(path, "wx", 0o600);
  try {
    await refuseUnfit(path);
    return await use(fillable(descriptor));
  } finally {
    await descriptor.close();
  }
}

/** A new file has attributes that unfit it from its directory. */
async function refuseUnfit(path: string): Promise<void> {
  try {
    fileSystem.refuseUnfit(path);
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}
