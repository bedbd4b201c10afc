/** What a run of equal operations took. Times in milliseconds. */
export interface Timing {
  readonly operations: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

/** Runs `count` operations, at most `concurrency` at once. A failure ends the run. */
export async function timed(
  count: number,
  concurrency: number,
  operation: (index: number) => Promise<void>,
): Promise<Timing> {
  const latencies: number[] = [];
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const index = next++;
      const started = performance.now();
      await operation(index);
      latencies.push(performance.now() - started);
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: concurrency }, worker));
  return { ...timingOf(latencies), perSecond: (1000 * count) / (performance.now() - started) };
}

/** Of operations one after the other that took so many ms each. */
export function timingOf(latencies: readonly number[]): Timing {
  const total = latencies.reduce((sum, latency) => sum + latency, 0);
  return {
    operations: latencies.length,
    perSecond: (1000 * latencies.length) / total,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
  };
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** @param share from 0 to 1 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** The median of each figure over several runs. */
export function medianTiming(timings: readonly Timing[]): Timing {
  return {
    operations: timings.reduce((sum, { operations }) => sum + operations, 0),
    perSecond: median(timings.map(({ perSecond }) => perSecond)),
    p50: median(timings.map(({ p50 }) => p50)),
    p99: median(timings.map(({ p99 }) => p99)),
  };
}
