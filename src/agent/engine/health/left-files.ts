import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { isThere } from "../../../kit/is-there.ts";
import type { DoctorFinding } from "../model.ts";
import { parseDiskFile } from "../names.ts";
import { parseTemporaryFile } from "../pool/layout.ts";
import type { Pool } from "../pool/pool.ts";

export type Finding = Omit<DoctorFinding, "pool" | "fixed">;

/** What changes that were not finished left. */
export async function temporary({ layout, working }: Pool): Promise<Finding[]> {
  const names = await readdir(layout.temporary);
  const records = new Set(
    [...(await readdir(layout.directory)), ...(await readdir(layout.snapshots))].flatMap((name) => {
      const file = parseDiskFile(name);
      return file?.kind === "record" ? file.id : [];
    }),
  );
  return names.flatMap((name): Finding | [] => {
    const path = join(layout.temporary, name);
    const file = parseTemporaryFile(name);
    if (file === undefined) {
      return { kind: "foreign-file", path, message: "not made by this agent", safeToFix: false };
    }
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

/** Among the deleted volumes that are kept: what is none, and disks and records without each other. */
export async function amongDeleted({ layout, working }: Pool): Promise<Finding[]> {
  const names = await readdir(layout.deleted);
  return names.flatMap((name): Finding | [] => {
    const path = join(layout.deleted, name);
    const file = parseTemporaryFile(name);
    switch (file?.kind) {
      case "intent":
        if (working.has(file.id) || names.includes(basename(layout.deletedDisk(file.id)))) return [];
        return {
          kind: "record-without-disk",
          path,
          message: "the record of a deleted volume whose disk is removed already",
          safeToFix: true,
        };
      case "disk":
        if (working.has(file.id) || names.includes(basename(layout.deletedRecord(file.id)))) return [];
        return {
          kind: "unserved-disk",
          path,
          message: "the disk of a deleted volume without its record: nothing restores or removes it",
          safeToFix: false,
        };
      case "gone":
      case undefined:
        return { kind: "foreign-file", path, message: "not made by this agent", safeToFix: false };
    }
  });
}

/** Whether what was found to be left still is: a look at all disks takes minutes, and changes begin and end meanwhile. */
export async function isStillLeft({ layout, working }: Pool, path: string): Promise<boolean> {
  const id = parseTemporaryFile(basename(path))?.id;
  if (id === undefined || working.has(id)) return false;
  return path !== layout.deletedRecord(id) || !(await isThere(layout.deletedDisk(id)));
}
