import { type FileHandle, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { isWindows, thisPlatform } from "./platform.ts";

/** Makes the names in one directory durable. */
export interface DirectoryFlush {
  /** Resolves when all that was made, renamed or removed before the call survives a power failure. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** What lies in a directory on Windows while it is open for flushing, and while it is flushed once. */
export const FLUSH_FILE = ".flush";
export const ONE_FLUSH_FILE = ".flush-once";

/**
 * Opens a directory for flushing.
 * @param file the name of what is flushed on Windows; two that flush one directory must not take each other's away.
 */
export async function openDirectoryFlush(
  path: string,
  platform: NodeJS.Platform = thisPlatform,
  file: string = FLUSH_FILE,
): Promise<DirectoryFlush> {
  return isWindows(platform) ? await throughFile(join(path, file)) : await open(path, "r");
}

/**
 * Windows has no flush of a directory: FlushFileBuffers wants write access, which Node's handle of a directory has not,
 * and answers EPERM. NTFS keeps all names in its log, in the order of their changes, and flushing a file writes the log
 * up to that file's last change (https://learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-flushfilebuffers:
 * "and its metadata"). So a file in the directory is changed after the names were, and flushed.
 */
async function throughFile(path: string): Promise<DirectoryFlush> {
  const file = await open(path, "w", 0o600);
  let count = 0;
  return {
    sync: async () => {
      await change(file, ++count);
      await file.sync();
    },
    close: async () => {
      await file.close();
      await rm(path, { force: true });
    },
  };
}

/** A size that differs each time: a change of metadata, which the log has behind all names. */
async function change(file: FileHandle, count: number): Promise<void> {
  await file.truncate(count % 2);
}
