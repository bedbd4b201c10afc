import { stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { StatusError } from "../../../kit/errors.ts";
import type { DiskFile, DiskReader } from "../../hosts/host.ts";
import { createdAtOf } from "../creator.ts";
import type { IndexedDisk } from "../index/pool-index.ts";
import { type Stamp, stampOf } from "../index/stamp.ts";
import type { DiskFileName } from "../names.ts";

/** A disk file that is what its name says. */
export interface FoundDisk extends Omit<IndexedDisk, "record">, Pick<DiskFileName, "name" | "id"> {
  readonly path: string;
  readonly allocated: bigint;
}

/** The name under which a pool's index keeps the disk of a file. */
export function indexKey(directory: string, fileName: string): string {
  return basename(directory) === ".snapshots" ? `.snapshots/${fileName}` : fileName;
}

/**
 * What a disk file is: from the index while the file is as it was then, else from the disk itself.
 * @param stamp what its file system tells of it now; undefined for what is no file, or not there.
 * @returns the reason when it is not what its name says or can't be read.
 * @throws StatusError UNAVAILABLE while the host can't be asked
 */
export async function readDisk(
  directory: string,
  fileName: string,
  { name, id }: DiskFileName,
  known: IndexedDisk | undefined,
  stamp: Stamp | undefined,
  read: DiskReader,
): Promise<FoundDisk | string> {
  const path = join(directory, fileName);
  if (stamp !== undefined && known?.stamp === stamp.text) {
    const { size, type, createdAt } = known;
    const { allocated, text } = stamp;
    return { stamp: text, size, type, createdAt, ...sharing(path, { name, id }), path, allocated };
  }
  try {
    // Again, for a file that changes just now: what is read must not be older than its stamp.
    const stats = await stat(path, { bigint: true });
    if (!stats.isFile()) return "it is no file";
    const found = await identify({ volumeId: id, path }, stampOf(stats), Number(stats.birthtimeMs), read);
    return typeof found === "string" ? found : { ...found, ...sharing(path, { name, id }), path };
  } catch (error) {
    if (error instanceof StatusError && error.code === "UNAVAILABLE") throw error;
    return `the disk can't be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Name and id as parts of the path's text: of a hundred thousand disks a second text each takes ten megabytes. */
function sharing(
  path: string,
  { name, id }: Pick<DiskFileName, "name" | "id">,
): { name: string; id: string } {
  const nameAt = path.lastIndexOf(name + ";");
  const idAt = path.lastIndexOf(id);
  return {
    name: nameAt < 0 ? name : path.slice(nameAt, nameAt + name.length),
    id: idAt < 0 ? id : path.slice(idAt, idAt + id.length),
  };
}

async function identify(
  file: DiskFile,
  stamp: Stamp,
  birthtime: number,
  read: DiskReader,
): Promise<Omit<FoundDisk, "name" | "id" | "path"> | string> {
  const disk = await read(file);
  if (disk.virtualDiskId !== file.volumeId) return `its name and its id, ${disk.virtualDiskId}, differ`;
  return {
    stamp: stamp.text,
    allocated: stamp.allocated,
    size: disk.virtualSize,
    type: disk.type,
    createdAt: createdAtOf(disk.creator) ?? birthtime,
  };
}
