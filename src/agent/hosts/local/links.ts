import { linkSync, mkdirSync, rmdirSync, statSync, unlinkSync } from "node:fs";
import { readdir, realpath } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { hasErrno, isNotFound, StatusError } from "../../../kit/errors.ts";
import { ifThere } from "../../../kit/if-there.ts";
import { isThere } from "../../../kit/is-there.ts";
import type { DiskFile } from "../host.ts";

const GUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
const LINK = new RegExp(`^/(${GUID})/(${GUID})\\.vhdx$`);
/** What the kernel adds to a backing file's name once that is removed. */
const DELETED = " (deleted)";

/** Whose disk a link is. */
export interface LinkOwner {
  readonly vmId: string;
  readonly volumeId: string;
}

/**
 * The hard links that tell the kernel whose a loop device is: attach opens `<pool>/.vms/<vm id>/<volume id>.vhdx`,
 * so that the backing file's name carries both ids. The kernel names backing files by their real path.
 */
export class AttachmentLinks {
  /** By the pool's directory as its owner names it: the real path of where its links are. */
  readonly #roots = new Map<string, string>();

  /** Links of the disks in a pool can be made and understood from now on. */
  async openPool(directory: string): Promise<void> {
    this.#roots.set(resolve(directory), join(await realpath(directory), ".vms"));
  }

  /** Where the link of a disk to a VM is. */
  path(disk: DiskFile, vmId: string): string {
    const root = this.#roots.get(resolve(dirname(disk.path)));
    if (root === undefined) throw new StatusError("UNAVAILABLE", `${disk.path} is in no pool that is open`);
    return join(root, vmId, `${disk.volumeId}.vhdx`);
  }

  /**
   * Whose disk a backing file is; undefined for a file that is not one of our links. One whose link was removed is still
   * written to through its device.
   */
  parse(backingFile: string): LinkOwner | undefined {
    return this.#ownerOf(backingFile.endsWith(DELETED) ? backingFile.slice(0, -DELETED.length) : backingFile);
  }

  #ownerOf(path: string): LinkOwner | undefined {
    for (const root of this.#roots.values()) {
      if (!path.startsWith(root)) continue;
      const [, vmId, volumeId] = LINK.exec(path.slice(root.length)) ?? [];
      if (vmId !== undefined && volumeId !== undefined) return { vmId, volumeId };
    }
    return undefined;
  }

  /** Makes the link of a disk that is not attached; one left by a crash is replaced. */
  make(disk: DiskFile, vmId: string): string {
    const path = this.path(disk, vmId);
    // In one step: a sweep would remove the directory while that is empty.
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    this.remove(path);
    try {
      linkSync(disk.path, path);
    } catch (error) {
      if (!hasErrno(error, "EEXIST")) throw error;
      throw new StatusError(
        "FAILED_PRECONDITION",
        `${path} is the last name of another file than the volume's disk: move it away`,
        error,
      );
    }
    return path;
  }

  /** Removes a link, but never the last name of a disk. False when it stays, or was not there. */
  remove(path: string): boolean {
    try {
      // Nothing of ours comes between the look and the removal.
      if (statSync(path).nlink < 2) return false;
      unlinkSync(path);
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  /** All links there are, of one volume or of all. */
  async list(volumeId?: string): Promise<string[]> {
    const paths: string[] = [];
    for (const root of this.#roots.values()) {
      for (const vmId of await directoriesIn(root)) {
        const names = volumeId === undefined ? await namesIn(join(root, vmId)) : [`${volumeId}.vhdx`];
        paths.push(...names.map((name) => join(root, vmId, name)));
      }
    }
    const present = await Promise.all(paths.map(async (path) => [path, await isThere(path)] as const));
    return present.flatMap(([path, there]) => (there && this.#ownerOf(path) !== undefined ? path : []));
  }

  /**
   * Removes the links that nobody uses, which an interrupted attach or detach left, and empty directories.
   * @param linksInUse asked once, in the step that removes: an attach may have made a link while they were listed
   * @returns the links that were removed
   */
  async sweep(linksInUse: () => ReadonlySet<string>): Promise<string[]> {
    const links = await this.list();
    const inUse = linksInUse();
    const removed = links.filter((path) => !inUse.has(path) && this.remove(path));
    for (const root of this.#roots.values()) {
      for (const vmId of await directoriesIn(root)) removeEmpty(join(root, vmId));
    }
    return removed;
  }

  /** Removes every link of a volume that leaves the pool, so that its bytes are freed, but never the last name of a disk. */
  async removeAll(volumeId: string): Promise<void> {
    for (const path of await this.list(volumeId)) this.remove(path);
  }
}

function removeEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch (error) {
    if (!hasErrno(error, "ENOTEMPTY", "ENOENT")) throw error;
  }
}

/** None where a sweep has just removed the directory. */
async function namesIn(directory: string): Promise<string[]> {
  return (await ifThere(readdir(directory))) ?? [];
}

/** The VMs that have or had a disk; whatever else lies there is not ours. */
async function directoriesIn(root: string): Promise<string[]> {
  const entries = (await ifThere(readdir(root, { withFileTypes: true }))) ?? [];
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}
