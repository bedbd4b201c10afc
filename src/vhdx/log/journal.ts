import { MiB, roundUp } from "../../kit/sizes.ts";
import type { WritableFile } from "../storage/file.ts";
import { randomGuid } from "../format/guid.ts";
import { type CurrentHeader, updateHeader } from "../format/header.ts";
import { encodeLogEntry, type LogChange, logEntryLayout } from "./log-entry.ts";
import { applyChange, emptyLog } from "./replay.ts";

const SECTOR = BigInt(logEntryLayout.sector);

/**
 * Puts `value` (a few bytes) at `offset` of a file whose log is empty so that a crash leaves all of it or none.
 * Everything written before is durable when the change is. The entry is durable before a header names it, so
 * there is no moment at which the header asks for a replay that cannot be done.
 */
export async function commitThroughLog(
  file: WritableFile,
  current: CurrentHeader,
  offset: bigint,
  value: Buffer,
): Promise<CurrentHeader> {
  const changes = await sectorsWith(file, offset, value);
  const size = await file.size();
  const logGuid = randomGuid();
  const entry = encodeLogEntry({
    tail: 0,
    sequenceNumber: 1n,
    logGuid,
    flushedFileOffset: size - (size % MiB),
    lastFileOffset: roundUp(size, MiB),
    changes,
  });
  await file.write(current.header.logOffset, entry);
  await file.flush();
  const committed = await updateHeader(file, current, { logGuid });
  for (const change of changes) await applyChange(file, change);
  await file.flush();
  return emptyLog(file, committed);
}

/** The sectors of the file that `value` lies in, with it in place. */
async function sectorsWith(file: WritableFile, offset: bigint, value: Buffer): Promise<LogChange[]> {
  const start = offset - (offset % SECTOR);
  const end = roundUp(offset + BigInt(value.length), SECTOR);
  const bytes = Buffer.from(await file.read("sector", start, Number(end - start)));
  value.copy(bytes, Number(offset - start));
  const changes: LogChange[] = [];
  for (let at = 0; at < bytes.length; at += logEntryLayout.sector) {
    changes.push({ offset: start + BigInt(at), data: bytes.subarray(at, at + logEntryLayout.sector) });
  }
  return changes;
}
