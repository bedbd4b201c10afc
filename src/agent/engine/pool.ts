import { mkdir, open, readFile, statfs, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { hasErrno, isNotFound, StatusError } from "../../kit/errors.ts";
import { lockFile, type FileLock } from "../../kit/file-lock.ts";
import { DirectorySync } from "./directory-sync.ts";
import { writeFileDurably } from "./durable-file.ts";

/** A directory where volumes live. This is the one place that builds paths inside it. */
export interface Pool {
  readonly directory: string;
  /** Makes renames and removals in the pool's directory durable. */
  readonly sync: DirectorySync;
  /** `<pool>/<name>;<id>.vhdx`; the name was checked before. */
  diskPath(name: string, id: string): string;
  /** Where a disk is made before its rename; ids only, on the same file system. */
  temporaryPath(id: string): string;
  /** Bytes a non-root writer may still take. */
  freeBytes(): Promise<bigint>;
  close(): Promise<void>;
}

/** File in the pool that says which group it belongs to: handles carry the group and live for ever. */
const MARKER = ".hyperv-csi.json";
export const TEMPORARY_DIRECTORY = ".tmp";

/**
 * Opens a pool for its one writer.
 * @param group DNS label of the group; a pool made under another group is refused.
 * @param owner what a loser of the lock is told about us.
 */
export async function openPool(directory: string, group: string, owner: string): Promise<Pool> {
  await makeDirectory(directory);
  await makeDirectory(join(directory, TEMPORARY_DIRECTORY));
  const lock = await lockFile(join(directory, ".lock"), `pool ${directory}`, owner);
  let handle: FileHandle | undefined;
  try {
    await claimForGroup(directory, group);
    handle = await open(directory, "r");
    return pool(directory, handle, lock);
  } catch (error) {
    await handle?.close();
    await lock.release();
    throw error;
  }
}

function pool(directory: string, handle: FileHandle, lock: FileLock): Pool {
  return {
    directory,
    sync: new DirectorySync(handle),
    diskPath: (name, id) => join(directory, `${name};${id}.vhdx`),
    temporaryPath: (id) => join(directory, TEMPORARY_DIRECTORY, `${id}.vhdx`),
    freeBytes: shared(async () => {
      const { bavail, bsize } = await statfs(directory, { bigint: true });
      return bavail * bsize;
    }),
    close: async () => {
      await handle.close();
      await lock.release();
    },
  };
}

async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    if (hasErrno(error, "EEXIST", "ENOTDIR")) {
      throw new StatusError("FAILED_PRECONDITION", `${directory} is not a directory`, error);
    }
    throw error;
  }
}

async function claimForGroup(directory: string, group: string): Promise<void> {
  const path = join(directory, MARKER);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (!isNotFound(error)) throw error;
    await writeFileDurably(path, `${JSON.stringify({ version: 1, group })}\n`);
    return;
  }
  const stored = groupOf(text);
  if (stored === undefined) {
    throw new StatusError(
      "FAILED_PRECONDITION",
      `${path} can't be read: restore it from a backup, or write {"version":1,"group":"NAME"} into it`,
    );
  }
  if (stored !== group) {
    throw new StatusError(
      "FAILED_PRECONDITION",
      `pool ${directory} belongs to group ${stored}, not ${group}: volume handles carry the group and can't change; start with --group ${stored}`,
    );
  }
}

function groupOf(marker: string): string | undefined {
  try {
    const value: unknown = JSON.parse(marker);
    if (typeof value !== "object" || value === null || !("group" in value)) return undefined;
    return typeof value.group === "string" ? value.group : undefined;
  } catch {
    return undefined;
  }
}

/** Lets callers that come while a read runs share its answer. */
function shared<T>(read: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () =>
    (running ??= read().finally(() => {
      running = undefined;
    }));
}
