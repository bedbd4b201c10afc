import { lstat, readdir, readlink } from "node:fs/promises";
import { dirname, isAbsolute, resolve } from "node:path";
import { isNotFound } from "../../kit/errors.ts";
import type { PathRules } from "../path-rules.ts";
import type { Survey, WindowsDisk, WindowsPartition } from "./protocol.ts";
import type { WindowsWorkers } from "./windows-workers.ts";

/** What a path shows of a volume: a partition in a directory, or a link to such a directory. */
export interface Place {
  readonly disk: WindowsDisk;
  readonly partition: WindowsPartition;
  /** The access path of the partition that is meant, as Windows writes it. */
  readonly accessPath: string;
  readonly isLink: boolean;
}

/** What is at a path. What leads nowhere is a mount point whose volume is gone, or a link whose directory shows nothing. */
export type AtPath =
  | { readonly kind: "absent" | "empty directory" | "empty file" }
  | { readonly kind: "occupied"; readonly what: string }
  | { readonly kind: "volume"; readonly place: Place }
  | { readonly kind: "dead mount point"; readonly target: string }
  | { readonly kind: "dead link"; readonly target: string };

/** Looks what is at a path, as the partitions' access paths tell, and else the directory itself. */
export async function lookAt(workers: WindowsWorkers, rules: PathRules, path: string): Promise<AtPath> {
  const survey = await workers.ask("survey", {});
  const place = placeOf(survey, rules, path);
  if (place !== undefined) return { kind: "volume", place: { ...place, isLink: false } };
  const { target } = await workers.ask("mountPoint", { path });
  if (target !== null) return { kind: "dead mount point", target };
  try {
    const entry = await lstat(path);
    if (entry.isSymbolicLink()) return await behindLink(survey, rules, path);
    if (!entry.isDirectory()) {
      if (entry.isFile() && entry.size === 0) return { kind: "empty file" };
      return { kind: "occupied", what: "is neither a directory nor an empty file" };
    }
    const [first] = await readdir(path);
    return first === undefined ? { kind: "empty directory" } : { kind: "occupied", what: `holds ${first}` };
  } catch (error) {
    if (isNotFound(error)) return { kind: "absent" };
    throw error;
  }
}

async function behindLink(survey: Survey, rules: PathRules, path: string): Promise<AtPath> {
  const link = await readlink(path);
  const target = isAbsolute(link) ? link : resolve(dirname(path), link);
  const place = placeOf(survey, rules, target);
  if (place !== undefined) return { kind: "volume", place: { ...place, isLink: true } };
  const isEmpty = await readdir(target).then(
    (entries) => entries.length === 0,
    () => true,
  );
  return isEmpty ? { kind: "dead link", target } : { kind: "occupied", what: `is a link to ${target}` };
}

/** The partition that is shown in a directory. */
export function placeOf(
  { disks, partitions }: Survey,
  rules: PathRules,
  path: string,
): Omit<Place, "isLink"> | undefined {
  const wanted = rules.canonical(path);
  if (wanted === undefined) return undefined;
  for (const partition of partitions) {
    const accessPath = partition.accessPaths.find((each) =>
      rules.areSame(rules.canonical(each) ?? "", wanted),
    );
    if (accessPath === undefined) continue;
    const disk = disks.find(({ number }) => number === partition.diskNumber);
    if (disk !== undefined) return { disk, partition, accessPath };
  }
  return undefined;
}
