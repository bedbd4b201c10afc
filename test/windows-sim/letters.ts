import type { SimDisk, SimWindowsState } from "./model.ts";
import { readTable, type SimPartition, writeTable } from "./on-disk.ts";

const LETTERS = Array.from("EFGHIJKLMNOPQRSTUVWXYZ", (letter) => `${letter}:\\`);

/** As a disk comes online: each partition without a letter gets one, unless its mark says that it is to get none. */
export async function withLetters(state: SimWindowsState, { medium }: SimDisk): Promise<SimWindowsState> {
  const letters: Record<string, string> = { ...state.letters };
  const [, ...partitions] = (await readTable(medium))?.partitions ?? [];
  for (const { guid, noDefaultDriveLetter } of partitions) {
    if (noDefaultDriveLetter || letters[guid] !== undefined) continue;
    const free = LETTERS.find((letter) => !Object.values(letters).includes(letter));
    if (free !== undefined) letters[guid] = free;
  }
  return { ...state, letters };
}

export function withoutLetter(state: SimWindowsState, guid: string): SimWindowsState {
  const letters = Object.entries(state.letters).filter(([each]) => each !== guid);
  return { ...state, letters: Object.fromEntries(letters) };
}

/** Marks partitions of a disk, which lies in its table: whether they are to get no letter by themselves. */
export async function markNoLetter(
  { medium }: SimDisk,
  isOne: (partition: SimPartition) => boolean,
  noDefaultDriveLetter: boolean,
): Promise<void> {
  const table = await readTable(medium);
  if (table === undefined) return;
  const partitions = table.partitions.map((each) => (isOne(each) ? { ...each, noDefaultDriveLetter } : each));
  await writeTable(medium, { ...table, partitions });
}
