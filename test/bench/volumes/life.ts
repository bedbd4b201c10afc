import { medianTiming, timed, timingOf, type Timing } from "../statistics.ts";
import type { BenchDriver, PublishContext } from "./driver.ts";
import { probe } from "./probe.ts";
import type { Row } from "./report.ts";

const ROUNDS = 3;
/** Volumes of one round, by concurrency. */
const LIVES: Readonly<Record<number, number>> = { 1: 10, 8: 40, 32: 96 };

/** The calls of a volume's life in their order. */
const steps = [
  "create",
  "controller publish",
  "stage",
  "publish",
  "unpublish",
  "unstage",
  "controller unpublish",
  "delete",
] as const;
type Step = (typeof steps)[number];

/** Volumes from their creation to their deletion, many at once, beside the same done by hand. Any error ends it. */
export async function livesOfVolumes(
  driver: BenchDriver,
  directory: string,
  concurrency: number,
): Promise<Row[]> {
  const count = LIVES[concurrency] ?? 1;
  const [lives, probes]: [Timing[], Timing[]] = [[], []];
  const latencies = new Map<Step, number[]>(steps.map((step) => [step, []]));
  for (let round = 0; round < ROUNDS; round++) {
    process.stderr.write(`lives of volumes, ${concurrency} at once, round ${round + 1} of ${ROUNDS}\n`);
    probes.push(await probe("life", directory, count, concurrency));
    const live = (index: number) => oneLife(driver, `life-${concurrency}-${round}-${index}`, latencies);
    lives.push(await timed(count, concurrency, live));
  }
  const at = `, ${concurrency} at once`;
  return [
    { what: `life${at}`, product: medianTiming(lives), probe: medianTiming(probes) },
    ...[...latencies].map(([step, times]) => ({ what: `  ${step}${at}`, product: timingOf(times) })),
  ];
}

async function oneLife(
  driver: BenchDriver,
  name: string,
  latencies: ReadonlyMap<Step, number[]>,
): Promise<void> {
  let volumeId = "";
  let context: PublishContext = {};
  const calls: Readonly<Record<Step, () => Promise<void>>> = {
    create: async () => {
      volumeId = await driver.create(name, 1024);
    },
    "controller publish": async () => {
      context = await driver.attach(volumeId);
    },
    stage: () => driver.stage(volumeId, context),
    publish: () => driver.publish(volumeId, context),
    unpublish: () => driver.unpublish(volumeId),
    unstage: () => driver.unstage(volumeId),
    "controller unpublish": () => driver.detach(volumeId),
    delete: () => driver.delete(volumeId),
  };
  for (const step of steps) {
    const started = performance.now();
    await calls[step]();
    latencies.get(step)?.push(performance.now() - started);
  }
}
