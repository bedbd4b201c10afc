import type { MemoryFile } from "../memory-file.ts";
import { type Operation, perform } from "../recorder.ts";
import { type Random, seededRandom } from "./random.ts";

const SECTOR = 512;

/** Of so many pending operations every subset is tried. */
const ALL_SUBSETS = 8;
const RANDOM_SUBSETS = 200;

/** Longer writes are torn at some boundaries only, where `isAlwaysTorn` does not ask for all or others are lost. */
const LONG_WRITE = 64 << 10;
const SEEDED_TEARS = 64;
const TEARS_OF_OMISSIONS = 8;

type Write = Extract<Operation, { kind: "write" }>;

/** A write of which the first `at` bytes were lost, or all but them. */
export interface Tear {
  readonly at: number;
  readonly kept: "start" | "end";
}

/**
 * What a power cut left: all that was flushed before group `group` of the operations, of that group the survivors, in
 * order, and of the last survivor perhaps a part.
 */
export interface CrashState {
  readonly group: number;
  /** Places in the group. */
  readonly survivors: readonly number[];
  readonly tear: Tear | undefined;
}

/** What lies between two flushes. */
export interface Group {
  /** Places of its first operation and of the flush behind it, or of the end, among all operations. */
  readonly start: number;
  readonly end: number;
  readonly operations: readonly Operation[];
}

export function groupsOf(operations: readonly Operation[]): Group[] {
  const groups: Group[] = [];
  let start = 0;
  for (let at = 0; at <= operations.length; at++) {
    if (at < operations.length && operations[at]?.kind !== "flush") continue;
    groups.push({ start, end: at, operations: operations.slice(start, at) });
    start = at + 1;
  }
  return groups;
}

/**
 * Every state a cut at any operation may leave, each once. `base` is the file before the group. Operations that change
 * nothing, whatever else of the group survives, are left out: with and without them the file is the same.
 * `isAlwaysTorn` tells writes that are torn at every sector however long they are.
 */
export function* statesOfGroup(
  base: MemoryFile,
  group: number,
  { operations }: Group,
  seed: number,
  isAlwaysTorn: (write: Operation) => boolean,
): Generator<CrashState, void, undefined> {
  const random = seededRandom(seed + group);
  const effects = operations.map((_, at) => effectOf(base, operations, at));
  const effective = [...operations.keys()].filter((at) => effects[at] !== undefined);
  const keyOf = stateKeys(base, operations);
  // Every group but the first starts where the last state of the one before it is.
  const seen = new Set<string>(group === 0 ? [] : [keyOf([])]);
  const isNew = (state: CrashState) => seen.size < seen.add(keyOf(state.survivors, state.tear)).size;
  for (let pending = 0; pending <= effective.length; pending++) {
    for (const survivors of subsets(effective.slice(0, pending), random)) {
      const whole = { group, survivors, tear: undefined };
      if (isNew(whole)) yield whole;
      const last = operations[survivors.at(-1) ?? -1];
      if (last?.kind !== "write") continue;
      const isLong = last.data.length > LONG_WRITE;
      const isOmission = survivors.length < pending;
      const wanted = isLong && !isAlwaysTorn(last) ? SEEDED_TEARS : Infinity;
      const fewer = pending > ALL_SUBSETS ? 1 : isLong ? TEARS_OF_OMISSIONS : wanted;
      const { from, to } = effects[survivors.at(-1) ?? 0] ?? { from: 0, to: 0 };
      for (const at of tears(last, isOmission ? fewer : wanted, random)) {
        // Torn elsewhere it is as good as whole or lost.
        if (at <= from || at >= to) continue;
        for (const kept of ["start", "end"] as const) {
          const torn = { group, survivors, tear: { at, kept } };
          if (isNew(torn)) yield torn;
        }
      }
    }
  }
}

/** Gives states of a group that leave the same file the same key; how long the file became is all that is left of a resize. */
function stateKeys(
  base: MemoryFile,
  operations: readonly Operation[],
): (survivors: readonly number[], tear?: Tear) => string {
  const onlyGrows = operations.every(
    (operation) => operation.kind !== "resize" || operation.size >= base.length,
  );
  return (survivors, tear) => {
    let size = base.length;
    const telling = survivors.filter((at) => {
      const operation = operations[at];
      if (operation?.kind === "resize" && operation.size > size) size = operation.size;
      if (operation?.kind === "write") {
        const isCut = at === survivors.at(-1) && tear?.kept === "start";
        const end = operation.offset + BigInt(isCut ? tear.at : operation.data.length);
        if (end > size) size = end;
      }
      return operation?.kind !== "resize" || !onlyGrows;
    });
    return `${telling.join()} ${onlyGrows ? size : ""} ${tear?.kept ?? ""} ${tear?.at ?? ""}`;
  };
}

/** Subsets of pending operations: all of a few, else everything, each omission of one, and random ones. */
function* subsets(pending: readonly number[], random: Random): Generator<number[], void, undefined> {
  if (pending.length <= ALL_SUBSETS) {
    for (let mask = 0; mask < 2 ** pending.length; mask++) {
      yield pending.filter((_, place) => (mask >>> place) & 1);
    }
    return;
  }
  yield [...pending];
  for (const omitted of pending) yield pending.filter((at) => at !== omitted);
  for (let count = 0; count < RANDOM_SUBSETS; count++) yield pending.filter(() => random(2) === 1);
}

/** Sector boundaries of the file inside a write, in bytes of it: all, or if fewer are wanted the outmost and random ones. */
function tears({ offset, data }: Write, wanted: number, random: Random): number[] {
  const before = Number(offset % BigInt(SECTOR));
  const count = Math.ceil((before + data.length) / SECTOR) - 1;
  const few = () => Array.from({ length: Math.min(wanted, count) }, () => random(count));
  const places = wanted >= count ? Array.from({ length: count }, (_, place) => place) : few();
  const chosen = wanted < 2 ? places : [0, ...places, count - 1];
  return count === 0 ? [] : [...new Set(chosen)].map((place) => (place + 1) * SECTOR - before);
}

/**
 * The bytes of a write that it changes, or all of it when other operations of the group touch them; undefined when it
 * changes nothing.
 */
function effectOf(
  base: MemoryFile,
  operations: readonly Operation[],
  at: number,
): { readonly from: number; readonly to: number } | undefined {
  const operation = operations[at];
  if (operation?.kind !== "write") return { from: 0, to: 0 };
  const { offset, data } = operation;
  const end = offset + BigInt(data.length);
  const isTouched = operations.some((other, place) => {
    if (place === at || other.kind === "flush") return false;
    if (other.kind === "resize") return other.size < end;
    const length = other.kind === "write" ? BigInt(other.data.length) : other.length;
    return other.offset < end && other.offset + length > offset;
  });
  if (isTouched || end > base.length) return { from: 0, to: data.length };
  const present = base.get(offset, data.length);
  if (present.equals(data)) return undefined;
  const differs = (byte: number, place: number) => byte !== present[place];
  return { from: data.findIndex(differs), to: data.findLastIndex(differs) + 1 };
}

/** The file a state leaves; `base` is the file before the state's group. */
export async function fileOf(
  base: MemoryFile,
  { operations }: Group,
  state: CrashState,
): Promise<MemoryFile> {
  const file = base.copy();
  const last = state.survivors.at(-1);
  for (const at of state.survivors) {
    const operation = operations[at];
    if (operation === undefined) continue;
    if (at !== last || state.tear === undefined || operation.kind !== "write") await perform(file, operation);
    else putPart(file, operation, state.tear);
  }
  return file;
}

function putPart(file: MemoryFile, { offset, data }: Write, { at, kept }: Tear): void {
  if (kept === "start") file.put(offset, data.subarray(0, at));
  else file.put(offset + BigInt(at), data.subarray(at));
}
