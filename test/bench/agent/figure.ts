/** One measured value. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: "ms" | "MiB" | "x" | "calls";
  /** The most it may be; a figure without a target only tells. */
  readonly atMost?: number;
}

export function isMissed({ value, atMost }: Figure): boolean {
  // A value that is not a number was not measured.
  return atMost !== undefined && !(value <= atMost);
}

/** Prints a line for each figure; a miss makes the whole run fail. */
export function reportFigures(title: string, figures: readonly Figure[]): void {
  const line = (what: string, value: string, target: string, verdict: string) =>
    process.stdout.write(
      `${what.padEnd(62)}${value.padStart(12)}${target.padStart(14)}  ${verdict}`.trimEnd() + "\n",
    );
  process.stdout.write("\n");
  line(title, "measured", "target", "");
  for (const figure of figures) {
    const { what, value, unit, atMost } = figure;
    const target = atMost === undefined ? "" : `<= ${atMost} ${unit}`;
    const verdict = atMost === undefined ? "" : isMissed(figure) ? "MISS" : "hold";
    line(what, `${value.toFixed(unit === "x" ? 2 : 1)} ${unit}`, target, verdict);
  }
  if (figures.some(isMissed)) process.exitCode = 1;
}
