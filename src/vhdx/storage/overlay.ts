import { VhdxError } from "../error.ts";
import type { ReadableFile } from "./file.ts";
import { changeLength, type PendingLog } from "../log/pending-log.ts";

/** The file as it will be once `pending` has been replayed, without writing to it. */
export function overlay(file: ReadableFile, pending: PendingLog): ReadableFile {
  return {
    size: () => Promise.resolve(pending.fileSize),
    read: async (structure, offset, length) => {
      const end = offset + BigInt(length);
      if (end > pending.fileSize) throw new VhdxError(structure, offset, "reaches past the end of the file");
      const bytes = await readPadded(file, structure, offset, length);
      for (const change of pending.changes) {
        const changeEnd = change.offset + changeLength(change);
        if (change.offset >= end || changeEnd <= offset) continue;
        const from = change.offset > offset ? change.offset : offset;
        const to = changeEnd < end ? changeEnd : end;
        const target = bytes.subarray(Number(from - offset), Number(to - offset));
        if ("data" in change) change.data.copy(target, 0, Number(from - change.offset));
        else target.fill(0);
      }
      return bytes;
    },
  };
}

/** Bytes of the file, zeros behind its end. */
async function readPadded(
  file: ReadableFile,
  structure: string,
  offset: bigint,
  length: number,
): Promise<Buffer> {
  const size = await file.size();
  const present = size > offset ? size - offset : 0n;
  if (present >= BigInt(length)) return Buffer.from(await file.read(structure, offset, length));
  const bytes = Buffer.alloc(length);
  if (present > 0n) (await file.read(structure, offset, Number(present))).copy(bytes);
  return bytes;
}
