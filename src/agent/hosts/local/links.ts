import { link, mkdir, readdir, rm, rmdir, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { hasErrno, isNotFound, StatusError } from "../../../kit/errors.ts";
import type { DiskFile } from "../host.ts";

/**
 * The hard links that tell the kernel whose a loop device is: attach opens `<pool>/.vms/<vm id>/<volume id>.vhdx`,
 * so that the backing file's name carries both ids.
 */
export class AttachmentLinks {
  readonly #root: string;
  readonly #pattern: RegExp;

  constructor(poolDirectory: string) {
    this.#root = join(poolDirectory, ".vms");
    const guid = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
    this.#pattern = new RegExp(`^/(${guid})/(${guid})\\.vhdx$`);
  }

  path(vmId: string, volumeId: string): string {
    return join(this.#root, vmId, `${volumeId}.vhdx`);
  }

  /** Whose disk a backing file is; undefined for a file that is not one of our links. */
  parse(backingFile: string): { vmId: string; volumeId: string } | undefined {
    if (!backingFile.startsWith(this.#root)) return undefined;
    const match = this.#pattern.exec(backingFile.slice(this.#root.length));
    return match?.[1] === undefined || match[2] === undefined
      ? undefined
      : { vmId: match[1], volumeId: match[2] };
  }

  /** Makes the link of a disk that is not attached; one left by a crash is replaced. */
  async make(disk: DiskFile, vmId: string): Promise<string> {
    const path = this.path(vmId, disk.volumeId);
    await mkdir(join(this.#root, vmId), { recursive: true, mode: 0o700 });
    await this.remove(path);
    await link(disk.path, path).catch((error: unknown) => {
      if (!hasErrno(error, "EEXIST")) throw error;
      throw new StatusError(
        "FAILED_PRECONDITION",
        `${path} is the last name of another file than the volume's disk: move it away`,
        error,
      );
    });
    return path;
  }

  /** Removes a link, and its directory when it was the last, but never the last name of a disk. */
  async remove(path: string): Promise<void> {
    try {
      if ((await stat(path)).nlink < 2) return;
      await unlink(path);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  /** Removes the links that no loop device has, which an interrupted attach or detach left. */
  async sweep(inUse: ReadonlySet<string>): Promise<void> {
    for (const vmId of await this.#vmIds()) {
      const directory = join(this.#root, vmId);
      for (const name of await readdir(directory)) {
        const path = join(directory, name);
        if (this.parse(path) !== undefined && !inUse.has(path)) await this.remove(path);
      }
      await rmdir(directory).catch((error: unknown) => {
        if (!hasErrno(error, "ENOTEMPTY")) throw error;
      });
    }
  }

  /** Removes every link of a volume that is being deleted, so that its bytes are freed. */
  async removeAll(volumeId: string): Promise<void> {
    for (const vmId of await this.#vmIds()) {
      await rm(this.path(vmId, volumeId), { force: true });
    }
  }

  /** The VMs that have or had a disk; whatever else lies there is not ours. */
  async #vmIds(): Promise<string[]> {
    const entries = await readdir(this.#root, { withFileTypes: true }).catch((error: unknown) => {
      if (isNotFound(error)) return [];
      throw error;
    });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  }
}
