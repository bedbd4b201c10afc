import { join } from "node:path";
import { execa } from "execa";
import { buildBundle } from "../../scripts/build.ts";
import { endOwnProcesses } from "../support/own-processes.ts";
import { startDriver, type BenchDriver } from "./driver.ts";
import { measureRoles } from "./roles.ts";
import { median, medianTiming, timed, type Timing } from "./statistics.ts";

/** Rounds of each measurement; product and probe take turns, and the median counts. */
const ROUNDS = 5;
/** Operations of one round, by concurrency. */
const CREATES: Readonly<Record<number, number>> = { 1: 100, 32: 1000 };
const STAGES: Readonly<Record<number, number>> = { 1: 5, 32: 32 };
const MANY = 10_000;
const FEW = 100;

interface Row {
  readonly what: string;
  readonly product: Timing;
  readonly probe?: Timing;
}

/** The driver under load, beside what the machine allows. */
export async function benchVolumes(directory: string): Promise<unknown> {
  await buildBundle();
  try {
    const roles = await measureRoles(join(directory, "roles"));
    const driver = await startDriver(join(directory, "up"));
    const rows: Row[] = [];
    for (const concurrency of [1, 32]) rows.push(...(await lifeOfVolumes(driver, directory, concurrency)));
    const growth = await growingPool(driver, rows);
    await driver.stop();
    report(roles, rows, growth);
    return { roles, rows, growth };
  } finally {
    await endOwnProcesses();
  }
}

/** Create, publish + stage, unstage + unpublish and delete, each round beside the probe. */
async function lifeOfVolumes(driver: BenchDriver, directory: string, concurrency: number): Promise<Row[]> {
  const creates = CREATES[concurrency] ?? 1;
  const stages = STAGES[concurrency] ?? 1;
  const timings = {
    create: [],
    stage: [],
    unstage: [],
    delete: [],
    probeCreate: [],
    probeStage: [],
  } as Record<"create" | "stage" | "unstage" | "delete" | "probeCreate" | "probeStage", Timing[]>;
  for (let round = 0; round < ROUNDS; round++) {
    process.stderr.write(`concurrency ${concurrency}, round ${round + 1} of ${ROUNDS}\n`);
    timings.probeCreate.push(await probe("create", directory, creates, concurrency));
    const ids: string[] = [];
    timings.create.push(
      await timed(creates, concurrency, async (index) => {
        ids[index] = await driver.create(`bench-${concurrency}-${round}-${index}`);
      }),
    );
    timings.probeStage.push(await probe("stage", directory, stages, concurrency));
    timings.stage.push(await timed(stages, concurrency, (index) => driver.publishAndStage(ids[index] ?? "")));
    timings.unstage.push(
      await timed(stages, concurrency, (index) => driver.unstageAndUnpublish(ids[index] ?? "")),
    );
    timings.delete.push(await timed(creates, concurrency, (index) => driver.delete(ids[index] ?? "")));
  }
  const at = `, ${concurrency} at once`;
  return [
    { what: `create${at}`, product: medianTiming(timings.create), probe: medianTiming(timings.probeCreate) },
    {
      what: `publish + stage${at}`,
      product: medianTiming(timings.stage),
      probe: medianTiming(timings.probeStage),
    },
    { what: `unstage + unpublish${at}`, product: medianTiming(timings.unstage) },
    { what: `delete${at}`, product: medianTiming(timings.delete) },
  ];
}

async function probe(
  mode: "create" | "stage",
  directory: string,
  count: number,
  concurrency: number,
): Promise<Timing> {
  const { stdout } = await execa(
    process.execPath,
    [
      join(import.meta.dirname, "limit-probe.ts"),
      mode,
      join(directory, "probe"),
      String(count),
      String(concurrency),
    ],
    { env: { UV_THREADPOOL_SIZE: "32" } },
  );
  return JSON.parse(stdout) as Timing;
}

/** How create and list slow down from 100 volumes to 10,000: times with many over times with few. */
interface Growth {
  readonly createRatio: number;
  readonly listPageRatio: number;
}

async function growingPool(driver: BenchDriver, rows: Row[]): Promise<Growth> {
  process.stderr.write(`filling the pool with ${MANY} volumes\n`);
  const ids: string[] = [];
  const fill = async (upTo: number) => {
    const begin = ids.length;
    await timed(upTo - begin, 32, async (index) => {
      ids[begin + index] = await driver.create(`fill-${begin + index}`);
    });
  };
  const look = async (stage: string) => {
    const creates: number[] = [];
    const pages: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      creates.push(
        (
          await timed(100, 1, async (index) => {
            ids.push(await driver.create(`look-${stage}-${round}-${index}`));
          })
        ).p50,
      );
      pages.push((await timed(50, 1, () => driver.listPage())).p50);
    }
    return { create: median(creates), page: median(pages) };
  };
  await fill(FEW);
  const few = await look("few");
  await fill(MANY);
  const many = await look("many");
  rows.push({
    what: `list all ${ids.length} volumes`,
    product: await timed(10, 1, async () => {
      await driver.list();
    }),
  });
  rows.push({ what: "get capacity", product: await timed(500, 1, () => driver.capacity()) });
  await timed(ids.length, 32, (index) => driver.delete(ids[index] ?? ""));
  return { createRatio: many.create / few.create, listPageRatio: many.page / few.page };
}

function report(roles: Awaited<ReturnType<typeof measureRoles>>, rows: readonly Row[], growth: Growth): void {
  const line = (...cells: string[]) =>
    process.stdout.write(
      `${cells.map((cell, index) => (index === 0 ? cell.padEnd(34) : cell.padStart(12))).join("")}\n`,
    );
  line("role", "ready ms", "idle MiB");
  for (const [role, { startToReadyMs, idleMiB }] of Object.entries(roles)) {
    line(role, startToReadyMs.toFixed(0), idleMiB.toFixed(1));
  }
  process.stdout.write("\n");
  line("operation", "per second", "p50 ms", "p99 ms", "p99/p50", "limit/s", "of limit");
  for (const { what, product, probe: limit } of rows) {
    line(
      what,
      product.perSecond.toFixed(1),
      product.p50.toFixed(2),
      product.p99.toFixed(2),
      (product.p99 / product.p50).toFixed(1),
      limit?.perSecond.toFixed(1) ?? "",
      limit === undefined ? "" : `${((100 * product.perSecond) / limit.perSecond).toFixed(0)} %`,
    );
  }
  process.stdout.write(
    `\nfrom ${FEW} to ${MANY} volumes: create takes ${growth.createRatio.toFixed(2)} times as long, a page of a list ${growth.listPageRatio.toFixed(2)} times\n`,
  );
}
