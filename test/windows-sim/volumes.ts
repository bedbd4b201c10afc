import { existsSync } from "node:fs";
import { lstat, mkdir, readdir, readlink, rm, rmdir, stat, symlink, unlink } from "node:fs/promises";
import { basename, join } from "node:path";
import { own, HRESULT, StorageRefusal } from "./refusals.ts";
import { readFileSystem, readTable, type SimPartition } from "./on-disk.ts";
import type { SimDisk } from "./model.ts";
import { volumePath } from "./seen.ts";

/**
 * The files of a volume are in a directory that its boot sector names. While its disk is online, a link named by the
 * partition leads there, and a directory in which the volume is shown is a link to that link: so what is shown leads
 * nowhere once the disk is gone, as a mount point of Windows does.
 */
const filesIn = (directory: string, serial: string) => join(directory, "volumes", serial);
const onlineIn = (directory: string, guid: string) => join(directory, "online", guid);

/** Windows makes volumes of a disk that comes online. */
export async function mountAll(directory: string, disk: SimDisk): Promise<void> {
  for (const partition of (await readTable(disk.medium))?.partitions ?? []) {
    const system = await readFileSystem(disk.medium, partition);
    if (system === undefined) continue;
    const files = filesIn(directory, system.serial);
    await mkdir(files, { recursive: true });
    await mkdir(join(directory, "online"), { recursive: true });
    await rm(onlineIn(directory, partition.guid), { force: true });
    await symlink(files, onlineIn(directory, partition.guid));
  }
}

/** Its volumes are gone when a disk goes offline, or away. */
export async function unmountAll(directory: string, guids: readonly string[]): Promise<void> {
  for (const guid of guids) await rm(onlineIn(directory, guid), { force: true });
}

/** Shows a partition in an empty directory. */
export async function show(directory: string, { guid }: SimPartition, path: string): Promise<void> {
  if (!existsSync(path)) throw new StorageRefusal(HRESULT.notFound);
  if ((await readdir(path)).length > 0) throw new StorageRefusal(HRESULT.notEmpty);
  await rmdir(path);
  await symlink(onlineIn(directory, guid), path);
}

/** The directory is empty again. */
export async function unshow(path: string): Promise<void> {
  await unlink(path);
  await mkdir(path);
}

/** The volume that a directory shows, there or not; null for any other path. */
export async function targetOf(directory: string, path: string): Promise<string | null> {
  const entry = await lstat(path).catch(() => undefined);
  if (entry?.isSymbolicLink() !== true) return null;
  const target = await readlink(path);
  return target.startsWith(join(directory, "online/")) ? volumePath(basename(target)) : null;
}

export async function removeDead(directory: string, path: string, target: string): Promise<void> {
  if ((await targetOf(directory, path)) !== target) throw own("DiskChanged");
  await unshow(path);
}

/** Bytes of the files in a volume. */
export async function usedBytes(directory: string, serial: string): Promise<number> {
  const files = filesIn(directory, serial);
  const names = await readdir(files, { recursive: true }).catch(() => []);
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(files, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
