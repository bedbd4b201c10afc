import { open } from "node:fs/promises";
import { StatusError } from "./errors.ts";
import { flockFile } from "./flock.ts";
import { isWindows, thisPlatform } from "./platform.ts";
import { shareNothing } from "./share-nothing.ts";

/** A lock that the kernel holds for this process until `release` or the end of the process, however it ends. */
export interface FileLock {
  release(): Promise<void>;
}

/** Takes a lock that another process can't have meanwhile; undefined when one has it. Never waits for it. */
export type TakeLock = (path: string) => Promise<FileLock | undefined>;

/** How a platform's kernel locks. */
export function lockerOn(platform: NodeJS.Platform): TakeLock {
  return isWindows(platform) ? shareNothing : flockFile;
}

/**
 * Takes an exclusive lock on `path` (created when missing) or refuses with FAILED_PRECONDITION, naming the
 * `owner` that the holder wrote into the file. Never waits.
 */
export async function lockFile(
  path: string,
  subject: string,
  owner: string,
  take: TakeLock = lockerOn(thisPlatform),
): Promise<FileLock> {
  const lock = await take(path);
  const file = await open(path, "a+", 0o600);
  try {
    if (lock === undefined) {
      const holder = (await file.readFile("utf8")).trim();
      throw new StatusError(
        "FAILED_PRECONDITION",
        `${subject} is in use by ${holder === "" ? "another process" : holder}; stop it first, or use another one`,
      );
    }
    await file.truncate(0);
    await file.writeFile(`${owner} (pid ${process.pid})\n`);
    return lock;
  } catch (error) {
    await lock?.release();
    throw error;
  } finally {
    await file.close();
  }
}
