import { open, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { ONE_FLUSH_FILE, openDirectoryFlush } from "./directory-flush.ts";
import { thisPlatform } from "./platform.ts";
import { rename } from "./rename.ts";

/** Replaces a small file atomically and durably, with its directory entry. */
export async function writeFileDurably(path: string, content: string): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    const file = await open(temporary, "w", 0o600);
    try {
      await file.writeFile(content);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await flushDirectory(dirname(path));
}

/** Makes the names in a directory durable. */
export async function flushDirectory(path: string): Promise<void> {
  const directory = await openDirectoryFlush(path, thisPlatform, ONE_FLUSH_FILE);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
