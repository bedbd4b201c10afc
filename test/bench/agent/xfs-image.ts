import { mkdir, statfs, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../../../src/kit/run.ts";

/**
 * Mounts a new XFS that shares blocks, in a sparse file, and returns where. The bench's end unmounts and removes it.
 * @param size bytes of the file system.
 * @param written bytes that will be written to it at most.
 */
export async function mountNewXfs(directory: string, size: bigint, written: bigint): Promise<string> {
  const image = join(directory, "xfs.img");
  const mountPoint = join(directory, "mnt");
  await mkdir(mountPoint, { recursive: true });
  const { bavail, bsize } = await statfs(directory, { bigint: true });
  if (bavail * bsize < written) {
    throw new Error(`${directory} has ${bavail * bsize} bytes free; the bench writes ${written}`);
  }
  await writeFile(image, "");
  await truncate(image, Number(size));
  await run("mkfs.xfs", ["-q", "-m", "reflink=1", "-l", "size=64m", image]);
  await run("mount", ["-o", "loop,discard", image, mountPoint]);
  return mountPoint;
}
