import { existsSync } from "node:fs";
import { link, mkdir, rename, rm, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** When a stand-in was last read, as its file system remembers: a later time tells that somebody opened it. */
export const NEVER_READ = new Date("2001-01-01T00:00:00Z");

/** Where a disk's bytes are while a VM has it, on the same file system. */
const heldAt = (path: string) => join(dirname(path), ".vms", basename(path));

/** Where a disk's bytes are now. */
export function bytesOf(path: string): string {
  return existsSync(heldAt(path)) ? heldAt(path) : path;
}

/**
 * Keeps a disk to its VM. On Windows nobody else can open its file; here a stand-in lies under its name, of the same size
 * and with none of its bytes: whoever opens that finds no disk.
 */
export async function hold(path: string): Promise<void> {
  if (existsSync(heldAt(path)) || !existsSync(path)) return;
  await mkdir(dirname(heldAt(path)), { recursive: true });
  await link(path, heldAt(path));
  await standIn(path);
}

/** Puts a stand-in in the place of whatever has the name of a disk that is held. */
export async function standIn(path: string): Promise<void> {
  const temporary = `${heldAt(path)}.stand-in`;
  await writeFile(temporary, "a VM has this disk\n");
  await truncate(temporary, (await stat(heldAt(path))).size);
  await utimes(temporary, NEVER_READ, NEVER_READ);
  await rename(temporary, path);
}

/** Ends {@link hold}. */
export async function letGo(path: string): Promise<void> {
  if (existsSync(heldAt(path))) await rename(heldAt(path), path);
}

/** Gives a disk another name and place, whoever has it. */
export async function moveDisk(from: string, to: string): Promise<void> {
  if (!existsSync(heldAt(from))) {
    await rename(from, to);
    return;
  }
  await mkdir(dirname(heldAt(to)), { recursive: true });
  await rename(heldAt(from), heldAt(to));
  await standIn(to);
  await rm(from, { force: true });
}
