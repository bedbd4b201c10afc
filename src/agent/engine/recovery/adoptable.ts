import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { readIdentity } from "../../../vhdx/index.ts";
import type { LeftAlone, PoolContents } from "../catalog/catalog.ts";
import type { Volume } from "../model.ts";
import { parseDiskFile } from "../names.ts";
import { volumeOf } from "../records/entries.ts";
import { withoutConflicts } from "./conflicts.ts";
import { inParallel } from "./in-parallel.ts";
import { readDisk } from "./read-disk.ts";

/** What an agent would make of directories, looked at without one: nothing is locked, written or asked of a host. */
export interface Adoptable {
  readonly volumes: readonly Volume[];
  readonly leftAlone: readonly Pick<LeftAlone, "path" | "reason">[];
}

/** @throws the system's error for a directory that can't be read */
export async function adoptableIn(directories: readonly string[]): Promise<Adoptable> {
  const contents = new Map<string, PoolContents>();
  const strangers: Pick<LeftAlone, "path" | "reason">[] = [];
  for (const directory of directories) {
    const names = (await readdir(directory)).sort();
    contents.set(directory, await contentsOf(directory, names));
    strangers.push(...strangersIn(directory, names));
  }
  const settled = [...withoutConflicts(contents, () => undefined).values()];
  return {
    volumes: settled.flatMap(({ volumes }) => volumes),
    leftAlone: [...settled.flatMap(({ leftAlone }) => leftAlone), ...strangers],
  };
}

async function contentsOf(directory: string, names: readonly string[]): Promise<PoolContents> {
  const leftAlone: LeftAlone[] = [];
  const found = await inParallel(names, async (fileName) => {
    const file = parseDiskFile(fileName);
    if (file?.kind !== "disk") return undefined;
    const disk = await readDisk(directory, fileName, file, undefined, undefined, ({ path }) =>
      readIdentity(path),
    );
    if (typeof disk !== "string") return volumeOf(directory, disk, undefined);
    leftAlone.push({
      pool: directory,
      id: file.id,
      name: file.name,
      path: join(directory, fileName),
      reason: disk,
    });
    return undefined;
  });
  const volumes = found.filter((volume) => volume !== undefined);
  return { volumes, snapshots: [], groups: [], leftAlone, arrivals: [] };
}

/** Disks that are no volumes of this layout. */
function strangersIn(directory: string, names: readonly string[]): Pick<LeftAlone, "path" | "reason">[] {
  return names.flatMap((name) => {
    const path = join(directory, name);
    if (/\.avhdx$/i.test(name))
      return [{ path, reason: "a VM has a checkpoint: remove it, and wait for the merge" }];
    if (/\.(vhd|vhds)$/i.test(name)) return [{ path, reason: "only VHDX files become volumes: convert it" }];
    if (!/\.vhdx$/i.test(name) || parseDiskFile(name) !== undefined) return [];
    return [{ path, reason: "its name is not NAME;ID.vhdx with the disk's own VirtualDiskId" }];
  });
}
