import { VhdxError } from "../error.ts";
import { GUID_SIZE, guidBytes } from "../format/guid.ts";
import { claimedLength, decodeLogEntry, type LogEntry, logEntryLayout } from "./log-entry.ts";

const SECTOR = logEntryLayout.sector;

/** Hashing a ring of real entries takes about its length; overlapping made-up ones could take its square. */
const HASHING_LIMIT = 4;

interface PlacedEntry {
  /** Offset in the ring. */
  readonly at: number;
  readonly length: number;
  readonly entry: LogEntry;
}

type EntryReader = (at: number) => PlacedEntry | undefined;

/**
 * The entries to replay, oldest first: of all runs of consecutive valid entries that reach back to their head's
 * tail, the one with the newest head. Undefined when there is none. `ring` is the whole log, at `logOffset` in
 * the file. VhdxError when the log is a maze made to waste time. [MS-VHDX] 2.3.3.
 */
export function findActiveSequence(
  ring: Buffer,
  logGuid: string,
  logOffset: bigint,
): readonly LogEntry[] | undefined {
  const entryAt = entryReader(ring, logGuid, logOffset);
  let newest: readonly LogEntry[] | undefined;
  let start = 0;
  while (start < ring.length) {
    const run = readRun(entryAt, start, ring.length);
    const sequence = completeSequence(run);
    if (sequence && headNumber(sequence) > headNumber(newest)) newest = sequence;
    // No entry starts inside another one, and a part of an incomplete run is incomplete: skip all of it.
    start += run.reduce((total, { length }) => total + length, 0) || SECTOR;
  }
  return newest;
}

function headNumber(sequence: readonly LogEntry[] | undefined): bigint {
  return sequence?.at(-1)?.sequenceNumber ?? 0n;
}

/** Entries that follow one another from `start`, round the end of the ring, each numbered one above the last. */
function readRun(entryAt: EntryReader, start: number, ringLength: number): PlacedEntry[] {
  const run: PlacedEntry[] = [];
  let next: bigint | undefined;
  for (let at = start; at < start + ringLength;) {
    const placed = entryAt(at % ringLength);
    if (!placed || (next !== undefined && placed.entry.sequenceNumber !== next)) break;
    run.push(placed);
    next = placed.entry.sequenceNumber + 1n;
    at += placed.length;
  }
  return run;
}

/** The run from its head's tail on, or undefined when the tail is not in the run. */
function completeSequence(run: readonly PlacedEntry[]): readonly LogEntry[] | undefined {
  const tail = run.at(-1)?.entry.tail;
  const first = run.findIndex(({ at }) => at === tail);
  return first < 0 ? undefined : run.slice(first).map(({ entry }) => entry);
}

function entryReader(ring: Buffer, logGuid: string, logOffset: bigint): EntryReader {
  const guid = guidBytes(logGuid);
  const seen = new Map<number, PlacedEntry | undefined>();
  let hashed = 0;
  const read: EntryReader = (at) => {
    const sector = ring.subarray(at, at + SECTOR);
    const length = claimedLength(sector, ring.length);
    const { logGuid: guidAt } = logEntryLayout;
    if (length === undefined || !sector.subarray(guidAt, guidAt + GUID_SIZE).equals(guid)) return undefined;
    hashed += length;
    if (hashed > ring.length * HASHING_LIMIT) {
      throw new VhdxError("log", logOffset + BigInt(at), "too many damaged entries lie over one another");
    }
    const upToEnd = ring.subarray(at, at + length);
    const wrapped = ring.subarray(0, length - upToEnd.length);
    const entry = decodeLogEntry(wrapped.length === 0 ? upToEnd : Buffer.concat([upToEnd, wrapped]));
    return entry && { at, length, entry };
  };
  return (at) => {
    if (!seen.has(at)) seen.set(at, read(at));
    return seen.get(at);
  };
}
