import { medianTiming, timed, type Timing } from "../statistics.ts";
import type { BenchDriver } from "./driver.ts";
import { probe } from "./probe.ts";
import type { Row } from "./report.ts";

const ROUNDS = 5;
/** MiB of a volume; the probe's are as large. */
const SIZE = 32;
/** Operations of one round, by concurrency. */
const CREATES: Readonly<Record<number, number>> = { 1: 100, 8: 400, 32: 1000 };
/** The product's share of the probe's rate, at 32 at once. */
const GOAL = 0.5;

/** Create and delete alone, each round beside the probe. */
export async function createsAndDeletes(
  driver: BenchDriver,
  directory: string,
  concurrency: number,
): Promise<Row[]> {
  const count = CREATES[concurrency] ?? 1;
  const [creates, deletes, probes]: [Timing[], Timing[], Timing[]] = [[], [], []];
  for (let round = 0; round < ROUNDS; round++) {
    process.stderr.write(`create and delete, ${concurrency} at once, round ${round + 1} of ${ROUNDS}\n`);
    probes.push(await probe("create", directory, count, concurrency));
    const ids: string[] = [];
    creates.push(
      await timed(count, concurrency, async (index) => {
        ids[index] = await driver.create(`bench-${concurrency}-${round}-${index}`, SIZE);
      }),
    );
    deletes.push(await timed(count, concurrency, (index) => driver.delete(ids[index] ?? "")));
  }
  const at = `, ${concurrency} at once`;
  const goal = concurrency === 32 ? { goal: GOAL } : {};
  return [
    { what: `create${at}`, product: medianTiming(creates), probe: medianTiming(probes), ...goal },
    { what: `delete${at}`, product: medianTiming(deletes) },
  ];
}
