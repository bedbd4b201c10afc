import { MiB, roundUp } from "../../kit/sizes.ts";
import { VhdxError } from "../error.ts";
import { randomGuid } from "../format/guid.ts";
import { type CurrentHeader, type Header, updateHeader } from "../format/header.ts";
import type { WritableFile } from "../storage/file.ts";
import { encodeLogEntry, type LogChange, logEntryLayout, logEntryLength } from "./log-entry.ts";
import { applyChange, emptyLog } from "./replay.ts";

/**
 * Changes to block table, bitmaps and metadata of an open file whose log is empty, each commit whole or not at all.
 * Entries lie by turns in the two halves of the log, so that the one before is intact while the next is written.
 * [MS-VHDX] 2.3.
 */
export class LogWriter {
  readonly #file: WritableFile;
  #current: CurrentHeader;
  #logGuid: string | undefined;
  #sequenceNumber = 0n;

  constructor(file: WritableFile, current: CurrentHeader) {
    this.#file = file;
    this.#current = current;
  }

  get header(): Header {
    return this.#current.header;
  }

  /** How many changed sectors one commit takes. */
  get capacity(): number {
    const half = this.#current.header.logLength / 2;
    const most = Math.floor(half / logEntryLayout.sector);
    for (let count = most; ; count--) if (logEntryLength(count, count) <= half) return count;
  }

  /** Gives the file new write GUIDs, durably. Comes before the first change. [MS-VHDX] 2.2.2. */
  async renewGuids(guids: Partial<Pick<Header, "fileWriteGuid" | "dataWriteGuid">>): Promise<void> {
    this.#current = await updateHeader(this.#file, this.#current, guids);
  }

  /**
   * Makes everything written so far and all of `changes` durable or, when cut off, none of the changes. RangeError for
   * more than `capacity` sectors.
   */
  async commit(changes: readonly LogChange[]): Promise<void> {
    // Once a header names the log an entry counts as soon as it is there: what it refers to comes first.
    if (this.#logGuid !== undefined) await this.#file.flush();
    const half = this.#current.header.logLength / 2;
    const tail = this.#sequenceNumber % 2n === 0n ? 0 : half;
    const size = await this.#file.size();
    const logGuid = this.#logGuid ?? randomGuid();
    const entry = encodeLogEntry({
      tail,
      sequenceNumber: this.#sequenceNumber + 1n,
      logGuid,
      flushedFileOffset: size - (size % MiB),
      lastFileOffset: roundUp(size, MiB),
      changes,
    });
    if (entry.length > half) throw new RangeError(`${changes.length} changes are too many for one commit`);
    await this.#file.write(this.#current.header.logOffset + BigInt(tail), entry);
    await this.#file.flush();
    // Only now a header may name the log: before, it would ask for a replay that can't be done.
    if (this.#logGuid === undefined)
      this.#current = await updateHeader(this.#file, this.#current, { logGuid });
    this.#logGuid = logGuid;
    this.#sequenceNumber += 1n;
    for (const change of changes) await applyChange(this.#file, change);
  }

  /** Leaves the log empty and both headers alike. The writer can start again. */
  async finish(): Promise<void> {
    await this.#file.flush();
    this.#current = await emptyLog(this.#file, this.#current);
    this.#logGuid = undefined;
    this.#sequenceNumber = 0n;
  }
}

/** The sectors of the file that `value` lies in, with it in place. */
export async function sectorsWith(
  file: WritableFile,
  structure: string,
  offset: bigint,
  value: Buffer,
): Promise<LogChange[]> {
  const sector = BigInt(logEntryLayout.sector);
  const start = offset - (offset % sector);
  const end = roundUp(offset + BigInt(value.length), sector);
  if (end > (await file.size())) throw new VhdxError(structure, offset, "reaches past the end of the file");
  const bytes = await file.read(structure, start, Number(end - start));
  value.copy(bytes, Number(offset - start));
  const changes: LogChange[] = [];
  for (let at = 0; at < bytes.length; at += logEntryLayout.sector) {
    changes.push({ offset: start + BigInt(at), data: bytes.subarray(at, at + logEntryLayout.sector) });
  }
  return changes;
}
