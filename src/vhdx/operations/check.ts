import { openChain } from "../disk/chain.ts";
import type { OpenOptions } from "../disk/readable-disk.ts";
import type { DiskParameters } from "../format/disk-parameters.ts";
import { headerLayout, readHeaders, validHeaderCopies } from "../format/header.ts";
import { regionTableLayout, staleRegionTables } from "../format/region-table.ts";
import { type Image, readImage } from "../image/image.ts";
import { overlay } from "../log/overlay.ts";
import { readPendingLog } from "../log/pending-log.ts";
import { type ReadableFile, withFile } from "../storage/file.ts";
import type { OnProgress } from "./progress.ts";
import { checkBlockTable, type SpaceUse } from "./check/block-table.ts";
import { type Finding, Findings } from "./check/findings.ts";

export type { Finding, Severity } from "./check/findings.ts";

export interface CheckOptions extends OpenOptions {
  /** Bytes of the disk whose part of the block table was looked at. */
  readonly onProgress?: OnProgress;
}

/** What a look at all of a file's structures showed. */
export interface CheckReport {
  readonly findings: readonly Finding[];
  /** There are neither errors nor warnings. */
  readonly isClean: boolean;
  /** The disk, as far as the file can be opened. */
  readonly disk: DiskParameters | undefined;
  readonly space: SpaceUse | undefined;
}

/**
 * Looks at all structures of the file at `path` and, when `resolveParent` is given, of its parents' linkage, and writes
 * nothing. With a pending log it judges the file as it will be after the replay.
 */
export function checkVhdx(path: string, options: CheckOptions = {}): Promise<CheckReport> {
  return withFile(path, "r", (file) => checkFile(file, path, options));
}

/** `checkVhdx` on an open file; `name` is its path. */
export async function checkFile(
  file: ReadableFile,
  name: string,
  options: CheckOptions = {},
): Promise<CheckReport> {
  const findings = new Findings();
  await findings.attempt(() => checkCopies(file, findings));
  const image = await findings.attempt(() => readImage(file));
  const space = image && (await findings.attempt(() => checkBlockTable(image, findings, options)));
  if (image?.disk.hasParent) await checkParents(image, name, options, findings);
  return { findings: findings.list, isClean: findings.isClean, disk: image?.disk, space };
}

/** Headers, log and region tables: what has a copy may be damaged once. Stops where opening the file stops, too. */
async function checkCopies(file: ReadableFile, findings: Findings): Promise<void> {
  const size = await file.size();
  // Anything shorter is no VHDX, and opening it says so.
  if (size < regionTableLayout.copies[1] + BigInt(regionTableLayout.size)) return;
  const valid = await validHeaderCopies(file);
  if (!valid.includes(true)) return;
  valid.forEach((isValid, index) => {
    if (isValid) return;
    findings.add("warning", `header ${index + 1}`, headerLayout.copies[index] ?? 0n, "is not valid", true);
  });
  // What opening refuses it names itself: here only what it passes over.
  const current = await readHeaders(file).catch(() => undefined);
  const pending = current && (await readPendingLog(file, current.header).catch(() => undefined));
  if (current && pending) {
    const problem = "a writer was cut off: the log must be replayed";
    findings.add("information", "log", current.header.logOffset, problem, true);
  }
  const stale = await staleRegionTables(pending ? overlay(file, pending) : file).catch(() => undefined);
  for (const offset of stale?.offsets ?? []) {
    findings.add("warning", "region table", offset, "is not valid or not like the other copy", true);
  }
}

async function checkParents(
  image: Image,
  name: string,
  { resolveParent, signal }: OpenOptions,
  findings: Findings,
): Promise<void> {
  if (resolveParent === undefined) {
    findings.add(
      "information",
      "parent locator",
      image.regions.metadata.offset,
      "the parent was not checked",
    );
    return;
  }
  const chain = await findings.attempt(() => openChain(image, name, resolveParent, signal));
  await chain?.close();
}
