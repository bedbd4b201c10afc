import { mkdir, truncate, writeFile } from "node:fs/promises";
import { run } from "../../src/kit/run.ts";

/** Mounts a new XFS, which shares blocks, from a sparse image below a scratch directory, whose end unmounts it. */
export async function mountXfsImage(image: string, mountPoint: string, gibibytes: number): Promise<void> {
  await writeFile(image, "");
  await truncate(image, gibibytes * 1024 ** 3);
  await run("mkfs.xfs", ["-q", "-m", "reflink=1", image]);
  await mkdir(mountPoint);
  await run("mount", ["-o", "loop", image, mountPoint]);
}
