import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { hasErrno } from "./errors.ts";
import type { FileLock } from "./file-lock.ts";

/**
 * libuv's UV_FS_O_EXLOCK: on Windows CreateFile gets a share mode of 0, so that nobody else can open the file until the
 * handle is closed, which the kernel does for a process that ends
 * (https://docs.libuv.org/en/v1.x/fs.html#c.UV_FS_O_EXLOCK). On a cluster's shared volume and on SMB 3 it holds for all
 * machines. Node passes it on, but has no name for it.
 */
export const SHARE_NOTHING = 0x1000_0000;

/** What is opened: beside the file that names the holder, since nobody could read that otherwise. */
export const heldBeside = (path: string) => `${path}.held`;

/** A virus scanner has a file that it has just seen for some milliseconds; another agent has it for good. */
const TRIES = 5;
const PAUSE_MS = 100;

type Open = (path: string, flags: number, mode: number) => Promise<Pick<FileHandle, "close">>;

/** Locks a file as Windows does: by opening it so that nobody else can. EBUSY is how Node tells a sharing violation. */
export async function shareNothing(path: string, openFile: Open = open): Promise<FileLock | undefined> {
  for (let tries = 1; ; tries++) {
    try {
      const flags = constants.O_RDWR | constants.O_CREAT | SHARE_NOTHING;
      const file = await openFile(heldBeside(path), flags, 0o600);
      return { release: () => file.close() };
    } catch (error) {
      if (!hasErrno(error, "EBUSY")) throw error;
      if (tries === TRIES) return undefined;
      await setTimeout(PAUSE_MS);
    }
  }
}
