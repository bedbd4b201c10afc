import { lstat, rmdir, unlink } from "node:fs/promises";
import { hasErrno, StatusError } from "../kit/errors.ts";
import { ifThere } from "../kit/if-there.ts";

/** Removes what a mount was on. Anything that is not empty stays, and is an error. */
export async function removeMountPoint(path: string): Promise<void> {
  const entry = await ifThere(lstat(path));
  if (entry === undefined) return;
  if (entry.isDirectory()) {
    await rmdir(path).catch((error: unknown) => {
      if (!hasErrno(error, "ENOTEMPTY")) throw error;
      throw new StatusError("FAILED_PRECONDITION", `${path} is not empty: its content was left alone`, error);
    });
    return;
  }
  if (!entry.isFile() || entry.size > 0) {
    throw new StatusError("FAILED_PRECONDITION", `${path} is not an empty file: it was left alone`);
  }
  await unlink(path);
}
