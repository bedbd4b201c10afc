import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { isThere } from "../../../kit/is-there.ts";
import type { DoctorFinding } from "../model.ts";
import { parseDiskFile } from "../names.ts";
import { parseTemporaryFile } from "../pool/layout.ts";
import type { Pool } from "../pool/pool.ts";

export type Finding = Omit<DoctorFinding, "pool" | "fixed">;

const foreign = (path: string): Finding => ({
  kind: "foreign-file",
  path,
  message: "not made by this agent",
  safeToFix: false,
});

/** What changes that were not finished left. */
export async function temporary({ layout, working }: Pool): Promise<Finding[]> {
  const files = (await readdir(layout.temporary)).map((name) => ({ name, file: parseTemporaryFile(name) }));
  const records = files.some(({ file }) => file?.kind === "gone") ? await idsOfRecords(layout) : new Set();
  return files.flatMap(({ name, file }): Finding | [] => {
    const path = join(layout.temporary, name);
    if (file === undefined) return foreign(path);
    // Asked after the directory was read: what a change has begun since is not in it.
    if (working.has(file.id)) return [];
    return {
      kind: "temporary-file",
      path,
      message: "left by a change that was not finished",
      // A start removes the record of a disk that is gone with it, and knows by it that it may.
      safeToFix: file.kind !== "gone" || !records.has(file.id),
    };
  });
}

async function idsOfRecords({ directory, snapshots }: Pool["layout"]): Promise<Set<string>> {
  const names = [...(await readdir(directory)), ...(await readdir(snapshots))];
  const files = names.flatMap((name) => parseDiskFile(name) ?? []);
  return new Set(files.filter(({ kind }) => kind === "record").map(({ id }) => id));
}

/** Among the deleted volumes that are kept: what is none, and disks and records without each other. */
export async function amongDeleted({ layout, working }: Pool): Promise<Finding[]> {
  const names = new Set(await readdir(layout.deleted));
  return [...names].flatMap((name): Finding | [] => {
    const path = join(layout.deleted, name);
    const file = parseTemporaryFile(name);
    if (file === undefined || file.kind === "gone") return foreign(path);
    const isRecord = file.kind === "intent";
    const other = isRecord ? layout.deletedDisk(file.id) : layout.deletedRecord(file.id);
    if (working.has(file.id) || names.has(basename(other))) return [];
    return {
      kind: isRecord ? "record-without-disk" : "unserved-disk",
      path,
      message: isRecord
        ? "the record of a deleted volume whose disk is removed already"
        : "the disk of a deleted volume without its record: nothing restores or removes it",
      safeToFix: isRecord,
    };
  });
}

/** Whether what was found to be left still is: a look at all disks takes minutes, and changes begin and end meanwhile. */
export async function isStillLeft({ layout, working }: Pool, path: string): Promise<boolean> {
  const id = parseTemporaryFile(basename(path))?.id;
  if (id === undefined || working.has(id)) return false;
  return path !== layout.deletedRecord(id) || !(await isThere(layout.deletedDisk(id)));
}
