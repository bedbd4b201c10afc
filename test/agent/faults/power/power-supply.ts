import { mkdir, rm, truncate, writeFile } from "node:fs/promises";
import { run } from "../../../../src/kit/run.ts";
import { mountXfsImage } from "../../../support/xfs-image.ts";

const GIB = 1024 ** 3;

/**
 * An ext4 file system in an image on XFS, which can clone the image in an instant: the clone holds what ext4 had given
 * to its disk by then, as after a power cut. What was only in memory is not in it.
 */
export interface PowerSupply {
  /** A directory on the ext4. */
  readonly pool: string;
  /** Cuts the power, as far as the clone is concerned. */
  cut(): Promise<void>;
  /** Mounts the clone, which replays its journal, hands its pool to `look` and throws it away. */
  afterCut<T>(look: (pool: string) => Promise<T>): Promise<T>;
}

/** @param path places below a directory whose mounts are removed at the end. */
export async function powerSupply(path: (...parts: string[]) => string): Promise<PowerSupply> {
  const host = path("host");
  await mountXfsImage(path("xfs.img"), host, 32);
  const image = path("host", "pool.img");
  await sparseFile(image, 8 * GIB);
  await run("mkfs.ext4", ["-q", "-E", "lazy_itable_init=1,lazy_journal_init=1", "-J", "size=16", image]);
  await mkdir(path("ext4"));
  // Nothing becomes durable by itself while a test lasts.
  await run("mount", ["-o", "loop,commit=3600", image, path("ext4")]);
  await mkdir(path("cut"));
  const clone = path("host", "cut.img");
  return {
    pool: path("ext4", "pool"),
    cut: async () => {
      await run("cp", ["--reflink=always", image, clone]);
    },
    afterCut: async (look) => {
      await run("mount", ["-o", "loop", clone, path("cut")]);
      try {
        return await look(path("cut", "pool"));
      } finally {
        await run("umount", [path("cut")]);
        await rm(clone);
      }
    },
  };
}

async function sparseFile(file: string, bytes: number): Promise<void> {
  await writeFile(file, "");
  await truncate(file, bytes);
}
