import { readdir } from "node:fs/promises";
import { join } from "node:path";

/**
 * Paths at which links of pods may be: those that kubelet has, `pods\<uid>\volumes\kubernetes.io~csi\<name>\mount`, which are
 * found after a restart, too, and those that this process made. Whether one is there, and where it leads, is to be looked at.
 */
export class PodLinks {
  readonly #kubeletDirectory: string;
  readonly #made = new Set<string>();

  constructor(kubeletDirectory: string) {
    this.#kubeletDirectory = kubeletDirectory;
  }

  /** Keeps in mind that a link was made. */
  add(path: string): void {
    this.#made.add(path);
  }

  forget(path: string): void {
    this.#made.delete(path);
  }

  async paths(): Promise<string[]> {
    const pods = join(this.#kubeletDirectory, "pods");
    const found = new Set(this.#made);
    for (const pod of await entries(pods)) {
      const volumes = join(pods, pod, "volumes", "kubernetes.io~csi");
      for (const volume of await entries(volumes)) found.add(join(volumes, volume, "mount"));
    }
    return [...found];
  }
}

/** A pod may go while it is looked at. */
async function entries(directory: string): Promise<string[]> {
  return await readdir(directory).catch(() => []);
}
