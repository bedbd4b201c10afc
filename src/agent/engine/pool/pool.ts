import { mkdir, stat, statfs } from "node:fs/promises";
import { type DirectoryFlush, openDirectoryFlush } from "../../../kit/directory-flush.ts";
import { hasErrno, StatusError } from "../../../kit/errors.ts";
import { lockFile } from "../../../kit/file-lock.ts";
import { DirectorySync } from "./directory-sync.ts";
import { PoolLayout } from "./layout.ts";
import { claimPool, readMarker } from "./marker.ts";
import { canShareBlocks } from "./shared-blocks.ts";

export interface PoolSpace {
  /** Bytes a non-root writer may still take. */
  readonly free: bigint;
  readonly total: bigint;
}

/** A directory where volumes live, open for its one writer. */
export interface Pool {
  readonly name: string;
  /** From its marker: tells it from another pool under the same path. */
  readonly id: string;
  readonly directory: string;
  /** Of its file system: pools with the same one share what that has free. */
  readonly device: bigint;
  readonly layout: PoolLayout;
  /** Makes renames and removals in the pool's directory durable. */
  readonly sync: DirectorySync;
  /** The same for its snapshots. */
  readonly snapshotSync: DirectorySync;
  /** Ids of the disks and groups that a change works on now: their temporary files are not left over. */
  readonly working: Set<string>;
  /** True where a copy takes no space until it is written to. */
  readonly sharesBlocks: boolean;
  space(): Promise<PoolSpace>;
  /** @throws StatusError UNAVAILABLE when the directory at the pool's path is not this pool any more. */
  requirePresent(): Promise<void>;
  close(): Promise<void>;
}

export interface PoolPlace {
  readonly name: string;
  readonly directory: string;
}

/**
 * Opens a pool for its one writer.
 * @param groups DNS labels of the agent's group and its aliases; a pool of another group is refused.
 * @param owner what a loser of the lock is told about us.
 * @param knownId the pool's id when it was seen before: what is not that pool is UNAVAILABLE, and nothing is made.
 */
export async function openPool(
  place: PoolPlace,
  groups: readonly [string, ...string[]],
  owner: string,
  knownId?: string,
): Promise<Pool> {
  const layout = new PoolLayout(place.directory);
  const closing: (() => Promise<void>)[] = [];
  const closeAll = async () => {
    for (const close of closing.splice(0).toReversed()) await close();
  };
  try {
    // An empty directory where a file system should be mounted must stay empty.
    if (knownId === undefined) await makeDirectory(place.directory);
    else await requireMarker(layout.marker);
    for (const directory of [layout.temporary, layout.snapshots, layout.deleted])
      await makeDirectory(directory);
    const lock = await lockFile(layout.lock, `pool ${place.directory}`, owner);
    closing.push(() => lock.release());
    const id = await claimPool(layout.marker, groups, knownId);
    const openSync = async (directory: string): Promise<DirectoryFlush> => {
      const flush = await openDirectoryFlush(directory);
      closing.push(() => flush.close());
      return flush;
    };
    const own = await openSync(place.directory);
    const snapshots = await openSync(layout.snapshots);
    const { dev, ino } = await stat(place.directory, { bigint: true });
    return {
      ...place,
      id,
      device: dev,
      layout,
      sync: new DirectorySync(own),
      snapshotSync: new DirectorySync(snapshots),
      working: new Set(),
      sharesBlocks: await canShareBlocks(layout.temporary),
      space: shared(() => spaceOf(place.directory)),
      requirePresent: shared(async () => {
        const there = await stat(place.directory, { bigint: true }).catch((error: unknown) => {
          throw gone(place, StatusError.from(error).message, error);
        });
        if (there.dev !== dev || there.ino !== ino) throw gone(place, "another directory is in its place");
      }),
      close: closeAll,
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

async function requireMarker(path: string): Promise<void> {
  if ((await readMarker(path)) !== undefined) return;
  throw new StatusError("UNAVAILABLE", `${path} is not there: the pool's file system is not mounted`);
}

async function spaceOf(directory: string): Promise<PoolSpace> {
  const { bavail, blocks, bsize } = await statfs(directory, { bigint: true });
  return { free: bavail * bsize, total: blocks * bsize };
}

function gone({ name, directory }: PoolPlace, why: string, cause?: unknown): StatusError {
  return new StatusError("UNAVAILABLE", `pool ${name} is not there: ${directory}: ${why}`, cause);
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

/** Lets callers that come while a read runs share its answer. */
function shared<T>(read: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () =>
    (running ??= read().finally(() => {
      running = undefined;
    }));
}

/** Runs a change that makes temporary files for these ids. */
export async function whileWorking<T>(
  { working }: Pool,
  ids: readonly string[],
  change: () => Promise<T>,
): Promise<T> {
  // One change may be part of another.
  const begun = ids.filter((id) => !working.has(id));
  for (const id of begun) working.add(id);
  try {
    return await change();
  } finally {
    for (const id of begun) working.delete(id);
  }
}
