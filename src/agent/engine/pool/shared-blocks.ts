import { constants } from "node:fs";
import { copyFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** True where a file system makes copies that share their blocks with the original: tried, since its name tells little. */
export async function canShareBlocks(directory: string): Promise<boolean> {
  const probe = join(directory, "probe");
  const copy = `${probe}-copy`;
  try {
    await writeFile(probe, Buffer.alloc(64 * 1024, 1));
    await copyFile(probe, copy, constants.COPYFILE_FICLONE_FORCE);
    return true;
  } catch {
    // Whatever it is, a create will say it better.
    return false;
  } finally {
    await Promise.all([probe, copy].map((path) => rm(path, { force: true }).catch(() => undefined)));
  }
}
