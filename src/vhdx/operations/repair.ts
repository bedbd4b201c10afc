import { randomGuid } from "../format/guid.ts";
import { type CurrentHeader, updateHeader } from "../format/header.ts";
import { staleRegionTables } from "../format/region-table.ts";
import { LogWriter, sectorsWith } from "../log/log-writer.ts";
import { recover } from "../log/replay.ts";
import { withFile, type WritableFile } from "../storage/file.ts";
import { checkFile, type CheckOptions, type CheckReport, type Finding } from "./check.ts";
import { bitmapEntry } from "./check/block-table.ts";

/** What a repair did and left. */
export interface RepairReport {
  readonly repaired: readonly Finding[];
  /** The check afterwards. */
  readonly remaining: CheckReport;
}

/**
 * Repairs what no guess is needed for: replays a pending log, makes damaged copies of headers and region tables again,
 * clears nonsense entries of sector bitmaps that nothing needs. The content of the disk never changes, nor does its
 * DataWriteGuid. A file that can't be opened, or has nothing to repair, is not touched. A cut leaves less to repair.
 */
export function repairVhdx(path: string, options: CheckOptions = {}): Promise<RepairReport> {
  return withFile(path, "r+", (file) => repairIn(file, path, options));
}

/** `repairVhdx` on an open file; `name` is its path. */
export async function repairIn(
  file: WritableFile,
  name: string,
  options: CheckOptions = {},
): Promise<RepairReport> {
  const before = await checkFile(file, name, options);
  const repairable = before.findings.filter((finding) => finding.repairable);
  if (before.disk === undefined || repairable.length === 0) return { repaired: [], remaining: before };
  const current = await repairHeaders(file, await recover(file));
  await repairRegionTables(file);
  await clearBitmapEntries(file, current, repairable);
  return { repaired: repairable, remaining: await checkFile(file, name, options) };
}

/** Both copies are written anew, each while the other one is valid. */
async function repairHeaders(file: WritableFile, current: CurrentHeader): Promise<CurrentHeader> {
  return updateHeader(file, await updateHeader(file, current, { fileWriteGuid: randomGuid() }), {});
}

async function repairRegionTables(file: WritableFile): Promise<void> {
  const { offsets, inForce } = await staleRegionTables(file);
  for (const offset of offsets) {
    await file.write(offset, inForce);
    await file.flush();
  }
}

async function clearBitmapEntries(
  file: WritableFile,
  current: CurrentHeader,
  findings: readonly Finding[],
): Promise<void> {
  const entries = findings.filter(({ structure }) => structure === bitmapEntry);
  if (entries.length === 0) return;
  const log = new LogWriter(file, current);
  for (const { offset } of entries) {
    await log.commit(await sectorsWith(file, bitmapEntry, offset, Buffer.alloc(8)));
  }
  await log.finish();
}
