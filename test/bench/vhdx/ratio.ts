import { median } from "../statistics.ts";

/** One comparison: how many times as fast as the other the library is. */
export interface Ratio {
  readonly what: string;
  /** Times in ms, medians. */
  readonly ours: number;
  readonly other: number;
  /** `other / ours`, the median of the rounds' own ratios. */
  readonly ratio: number;
  /** What it should be at least. */
  readonly goal: number;
}

/** Runs both by turns, each first in every other round, and compares. `prepare` is not timed. */
export async function compare(
  what: string,
  goal: number,
  rounds: number,
  ours: () => Promise<void>,
  other: () => Promise<void>,
  prepare: () => Promise<void> = () => Promise.resolve(),
): Promise<Ratio> {
  const times: { ours: number; other: number }[] = [];
  const time = async (work: () => Promise<void>) => {
    await prepare();
    const started = performance.now();
    await work();
    return performance.now() - started;
  };
  process.stderr.write(`${what}\n`);
  for (let round = 0; round < rounds; round++) {
    if (round % 2 === 0) times.push({ ours: await time(ours), other: await time(other) });
    else {
      const otherTime = await time(other);
      times.push({ ours: await time(ours), other: otherTime });
    }
  }
  return {
    what,
    ours: median(times.map((pair) => pair.ours)),
    other: median(times.map((pair) => pair.other)),
    ratio: median(times.map((pair) => pair.other / pair.ours)),
    goal,
  };
}

/** Prints one line for each ratio. */
export function printRatios(ratios: readonly Ratio[]): void {
  const line = (...cells: string[]) =>
    process.stdout.write(
      `${cells.map((cell, index) => (index === 0 ? cell.padEnd(58) : cell.padStart(11))).join("")}\n`,
    );
  line("VHDX", "ours ms", "other ms", "ratio", "goal");
  for (const { what, ours, other, ratio, goal } of ratios) {
    line(what, ours.toFixed(1), other.toFixed(1), `${ratio.toFixed(2)} x`, `>= ${goal} x`);
  }
}
