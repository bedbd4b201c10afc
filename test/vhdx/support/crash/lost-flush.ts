import type { WritableFile } from "../../../../src/vhdx/storage/file.ts";
import { crashEverywhere } from "../crash.ts";
import type { Scenario } from "./scenario.ts";

/** Passes everything on to `file` but for the flushes at these places. */
function withoutFlushes(file: WritableFile, lost: readonly number[]): WritableFile {
  let count = 0;
  return {
    identity: file.identity,
    size: () => file.size(),
    read: (structure, offset, length) => file.read(structure, offset, length),
    readInto: (structure, offset, target) => file.readInto(structure, offset, target),
    nextData: (from, to) => file.nextData(from, to),
    punch: (offset, length) => file.punch(offset, length),
    write: (offset, data) => file.write(offset, data),
    resize: (size) => file.resize(size),
    flush: () => (lost.includes(count++) ? Promise.resolve() : file.flush()),
  };
}

/** True when a cut does harm without these flushes, counted from 0. */
export async function isNoticed(scenario: Scenario, lost: readonly number[]): Promise<boolean> {
  try {
    await crashEverywhere(scenario, (file) => withoutFlushes(file, lost));
    return false;
  } catch {
    return true;
  }
}

/** Loses each flush of a scenario in turn; gives the places of those without which a cut does harm. */
export async function noticedFlushes(
  scenario: Scenario,
): Promise<{ readonly noticed: readonly number[]; readonly flushes: number }> {
  const { flushes } = await crashEverywhere(scenario);
  const noticed: number[] = [];
  for (let lost = 0; lost < flushes; lost++) if (await isNoticed(scenario, [lost])) noticed.push(lost);
  return { noticed, flushes };
}
