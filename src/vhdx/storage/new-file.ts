import { randomUUID } from "node:crypto";
import { open, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { rename } from "../../kit/rename.ts";

/**
 * Lets `make` build a file under a temporary name beside `path`, `.<name>.<random>.partial`, and gives it its name once
 * that is done. EEXIST when the name is taken; until the end an empty file holds it. On failure nothing stays; a
 * process that is killed leaves both, and neither is a VHDX under the wanted name.
 */
export async function makeNewFile<T>(path: string, make: (partial: string) => Promise<T>): Promise<T> {
  const reserved = await reserve(path);
  const partial = join(dirname(path), `.${basename(path)}.${randomUUID().slice(0, 8)}.partial`);
  try {
    const made = await make(partial);
    const present = await stat(path, { bigint: true });
    if (present.ino !== reserved.ino || present.size !== 0n) {
      throw new Error(`${path} was replaced by somebody else meanwhile`);
    }
    // rename replaces only the empty file that holds the name: hard links are missing on older ReFS.
    await rename(partial, path);
    return made;
  } catch (error) {
    await rm(partial, { force: true });
    await release(path, reserved.ino);
    throw error;
  }
}

async function reserve(path: string): Promise<{ readonly ino: bigint }> {
  const handle = await open(path, "wx", 0o600);
  try {
    return await handle.stat({ bigint: true });
  } finally {
    await handle.close();
  }
}

/** Removes the empty file that held the name, if it still does. */
async function release(path: string, ino: bigint): Promise<void> {
  const present = await stat(path, { bigint: true }).catch(() => undefined);
  if (present?.ino === ino && present.size === 0n) await rm(path, { force: true });
}
