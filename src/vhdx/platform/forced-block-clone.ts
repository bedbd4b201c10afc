import { constants } from "node:fs";
import { copyFile, rm } from "node:fs/promises";

/** What a file system answers that can't share space between these two files. */
const cannot = new Set(["ENOTSUP", "EOPNOTSUPP", "EXDEV", "EINVAL", "ENOTTY", "ENOSYS"]);

/**
 * Makes `to` share all of `from`'s space; false, and no file there, where the file system can't. EEXIST when there is a
 * `to`.
 */
export async function forcedBlockClone(from: string, to: string): Promise<boolean> {
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if (!cannot.has((error as NodeJS.ErrnoException).code ?? "")) throw error;
    await rm(to, { force: true });
    return false;
  }
}
