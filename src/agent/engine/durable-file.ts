import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** Writes a small file whose content is durable when the promise resolves; its directory entry is not yet. */
export async function writeFlushed(path: string, content: string): Promise<void> {
  const file = await open(path, "w", 0o600);
  try {
    await file.write(content);
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** Replaces `path` atomically and durably, with the directory entry. */
export async function writeFileDurably(path: string, content: string): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    await writeFlushed(temporary, content);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  const directory = await open(dirname(path), "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
