import { withFile, type WritableFile } from "../storage/file.ts";
import { randomGuid } from "../format/guid.ts";
import { updateHeader } from "../format/header.ts";
import { recover } from "../log/replay.ts";

/**
 * Gives the file a new FileWriteGuid and DataWriteGuid, durably, in both headers; a pending log is replayed first. To
 * be called before the payload is handed to a writer that does not know the format, on a file nobody else has open.
 * VhdxError when the headers or the log are damaged. [MS-VHDX] 2.2.2.1.
 */
export function renewWriteGuids(path: string): Promise<void> {
  return withFile(path, "r+", renewWriteGuidsIn);
}

/** `renewWriteGuids` on an open file. */
export async function renewWriteGuidsIn(file: WritableFile): Promise<void> {
  const current = await recover(file);
  const guids = { fileWriteGuid: randomGuid(), dataWriteGuid: randomGuid() };
  await updateHeader(file, await updateHeader(file, current, guids), {});
}
