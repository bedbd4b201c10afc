import { randomGuid } from "../../../src/vhdx/format/guid.ts";
import { type CurrentHeader, readHeaders, updateHeader } from "../../../src/vhdx/format/header.ts";
import { encodeLogEntry, type LogChange, type LogEntry } from "../../../src/vhdx/log/log-entry.ts";
import type { MemoryFile } from "./memory-file.ts";

/** Leaves a file as a writer does that was cut off after its log entry: the changes are in the log only. */
export async function makeDirty(
  file: MemoryFile,
  changes: readonly LogChange[],
  more: Partial<LogEntry> = {},
): Promise<CurrentHeader> {
  const current = await readHeaders(file);
  const logGuid = randomGuid();
  const size = await file.size();
  const entry = encodeLogEntry({
    tail: 0,
    sequenceNumber: 1n,
    logGuid,
    flushedFileOffset: size - (size % (1n << 20n)),
    lastFileOffset: 0n,
    changes,
    ...more,
  });
  file.put(current.header.logOffset, entry);
  return updateHeader(file, current, { logGuid });
}
