import { VhdxError } from "../error.ts";
import type { ReadableFile } from "../storage/file.ts";
import { changeLength, type PendingLog } from "./pending-log.ts";

/** The file as it will be once `pending` has been replayed, without writing to it. */
export function overlay(file: ReadableFile, pending: PendingLog): ReadableFile {
  const readInto = async (structure: string, offset: bigint, target: Uint8Array): Promise<void> => {
    const end = offset + BigInt(target.length);
    if (end > pending.fileSize) throw new VhdxError(structure, offset, "reaches past the end of the file");
    await readPadded(file, structure, offset, target);
    for (const change of pending.changes) {
      const changeEnd = change.offset + changeLength(change);
      if (change.offset >= end || changeEnd <= offset) continue;
      const from = change.offset > offset ? change.offset : offset;
      const to = changeEnd < end ? changeEnd : end;
      const part = target.subarray(Number(from - offset), Number(to - offset));
      if ("data" in change) change.data.copy(part, 0, Number(from - change.offset));
      else part.fill(0);
    }
  };
  return {
    identity: file.identity,
    size: () => Promise.resolve(pending.fileSize),
    readInto,
    read: async (structure, offset, length) => {
      const bytes = Buffer.allocUnsafe(length);
      await readInto(structure, offset, bytes);
      return bytes;
    },
    // The log may write anywhere: without looking at each change no byte is known to be a hole.
    nextData: (start, end) => (start < end ? { start, end } : undefined),
  };
}

/** Bytes of the file, zeros behind its end. */
async function readPadded(
  file: ReadableFile,
  structure: string,
  offset: bigint,
  target: Uint8Array,
): Promise<void> {
  const size = await file.size();
  const present = size > offset ? size - offset : 0n;
  if (present >= BigInt(target.length)) return file.readInto(structure, offset, target);
  if (present > 0n) await file.readInto(structure, offset, target.subarray(0, Number(present)));
  target.fill(0, Number(present));
}
