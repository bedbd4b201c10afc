import type { WritableFile } from "../storage/file.ts";
import { readCreator } from "../format/file-identifier.ts";
import { randomGuid, ZERO_GUID } from "../format/guid.ts";
import { type CurrentHeader, readHeaders, updateHeader } from "../format/header.ts";
import type { LogChange } from "./log-entry.ts";
import { changeLength, readPendingLog } from "./pending-log.ts";

const zeros = Buffer.alloc(1 << 20);

/**
 * Brings a file about to be written into order: replays its log if a writer was cut off, and does nothing
 * otherwise. Cut off itself it can start again. VhdxError when the headers or the log are damaged. [MS-VHDX] 2.3.3.
 */
export async function recover(file: WritableFile): Promise<CurrentHeader> {
  await readCreator(file);
  const current = await readHeaders(file);
  const pending = await readPendingLog(file, current.header);
  if (pending === undefined) return current;
  const opened = await updateHeader(file, current, { fileWriteGuid: randomGuid() });
  if (pending.fileSize > (await file.size())) await file.resize(pending.fileSize);
  for (const change of pending.changes) await applyChange(file, change);
  await file.flush();
  return emptyLog(file, opened);
}

/** Declares the log empty in both headers. Everything it held must be durable in its place. */
export async function emptyLog(file: WritableFile, current: CurrentHeader): Promise<CurrentHeader> {
  const next = await updateHeader(file, current, { logGuid: ZERO_GUID });
  return updateHeader(file, next, {});
}

/** Puts one logged change in its place; not durable before the next flush. */
export async function applyChange(file: WritableFile, change: LogChange): Promise<void> {
  if ("data" in change) {
    await file.write(change.offset, change.data);
    return;
  }
  const end = change.offset + changeLength(change);
  for (let at = change.offset; at < end; at += BigInt(zeros.length)) {
    const left = end - at;
    await file.write(at, left < BigInt(zeros.length) ? zeros.subarray(0, Number(left)) : zeros);
  }
}
