import { MiB } from "../../kit/sizes.ts";
import { VhdxError } from "../error.ts";
import type { ReadableFile } from "../storage/file.ts";
import { diskLimits } from "../format/disk-parameters.ts";
import { ZERO_GUID } from "../format/guid.ts";
import type { Header } from "../format/header.ts";
import { type LogChange, logEntryLayout } from "./log-entry.ts";
import { findActiveSequence } from "./log-sequence.ts";
import { regionTableLayout } from "../format/region-table.ts";

/** Bounds on what a log may ask for; what Windows and qemu write stays far below. */
const limits = {
  logLength: 16n * MiB,
  changes: 1 << 15,
  /** Zeros to write, all zero descriptors together. */
  zeros: 1024n * MiB,
} as const;

/** What a cut-off writer left to be done. */
export interface PendingLog {
  /** To be applied in this order; all of them inside `fileSize`. */
  readonly changes: readonly LogChange[];
  /** The file must have at least this many bytes afterwards. */
  readonly fileSize: bigint;
}

/** Number of bytes a change covers. */
export function changeLength(change: LogChange): bigint {
  return "data" in change ? BigInt(logEntryLayout.sector) : change.length;
}

/**
 * The changes the log holds, or undefined when it is empty. VhdxError when the header says there is a log but none
 * is valid, when the file is shorter than its writer left it, or when a change is out of bounds. [MS-VHDX] 2.3.3.
 */
export async function readPendingLog(file: ReadableFile, header: Header): Promise<PendingLog | undefined> {
  const { logGuid, logOffset, logLength } = header;
  if (logGuid === ZERO_GUID) return undefined;
  const size = await file.size();
  const logEnd = logOffset + BigInt(logLength);
  const refuse = (problem: string) => new VhdxError("log", logOffset, problem);
  if (logEnd > size) throw refuse("reaches past the end of the file");
  if (BigInt(logLength) > limits.logLength) throw refuse(`${logLength} bytes are too much to replay`);
  const ring = await file.read("log", logOffset, logLength);
  const entries = findActiveSequence(ring, logGuid, logOffset);
  const head = entries?.at(-1);
  if (entries === undefined || head === undefined)
    throw refuse("the header asks for replay, no entry is valid");
  if (size < head.flushedFileOffset)
    throw refuse(`the file was cut short of ${head.flushedFileOffset} bytes`);

  const changes = entries.flatMap((entry) => entry.changes);
  const ends = changes.map((change) => change.offset + changeLength(change));
  const fileSize = [...ends, head.lastFileOffset, size].reduce((most, end) => (end > most ? end : most));
  const zeros = changes.reduce((sum, change) => sum + ("data" in change ? 0n : change.length), 0n);
  const [tables] = regionTableLayout.copies;
  const stray = changes.find(
    ({ offset }, index) => offset < tables || (offset < logEnd && (ends[index] ?? 0n) > logOffset),
  );
  if (stray) throw refuse(`an entry writes over the headers or the log at byte ${stray.offset}`);
  if (changes.length > limits.changes || zeros > limits.zeros || fileSize > diskLimits.fileSize) {
    throw refuse("its entries ask for too much");
  }
  return { changes, fileSize };
}
