import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { GiB, TiB } from "../../../src/kit/sizes.ts";
import { median, percentile } from "../statistics.ts";
import { dropCaches } from "./caches.ts";
import { compareCreates } from "./creates.ts";
import type { Figure } from "./figure.ts";
import { listAll, requireSame } from "./listing.ts";
import { populate, type Sizes } from "./populate.ts";
import { memoryMiB, servePool, stop, type ServedPool } from "./served-pool.ts";
import { startsWithoutIndex } from "./spoiled-starts.ts";
import { mountNewXfs } from "./xfs-image.ts";

const VOLUMES = Number(process.env["BENCH_VOLUMES"] ?? 100_000);
const ROUNDS = 3;
/** An agent gives back what its start left behind soon after that. */
const SETTLED_MS = 4000;
/** Pages through the whole pool before memory is looked at. */
const LISTINGS = 5;

/** Starts, lists and creates of an agent with very many volumes in one pool. */
export async function benchScale(program: string, directory: string): Promise<Figure[]> {
  await mkdir(directory, { recursive: true });
  const mountPoint = await mountNewXfs(directory, 8n * TiB, 12n * GiB);
  const pool = join(mountPoint, "pool");
  const expected = await populate(pool, VOLUMES);
  const serve = () => servePool(program, join(directory, "full"), pool);

  const spoiled = await startsWithoutIndex(serve, pool, expected);
  const starts = [...(await warmStarts(serve, expected)), ...(await coldStarts(serve, expected))];
  const agent = await serve();
  const lists = await pages(agent, expected);
  const empty = await servePool(program, join(directory, "empty"), join(mountPoint, "empty"));
  const creates = await compareCreates(agent, empty);
  return [...starts, ...lists, ...creates, ...spoiled];
}

async function warmStarts(serve: () => Promise<ServedPool>, expected: Sizes): Promise<Figure[]> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const agent = await serve();
    times.push(agent.startMs);
    requireSame((await listAll(agent)).sizes, expected);
    await stop(agent);
  }
  const what = `start with ${expected.size} volumes, warm`;
  return [{ what, value: median(times), unit: "ms", atMost: 5000 }];
}

async function coldStarts(serve: () => Promise<ServedPool>, expected: Sizes): Promise<Figure[]> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    if (!(await dropCaches())) {
      process.stderr.write("the kernel's caches can't be dropped here: no cold start was measured\n");
      return [];
    }
    const agent = await serve();
    times.push(agent.startMs);
    requireSame((await listAll(agent)).sizes, expected);
    await stop(agent);
  }
  const what = `start with ${expected.size} volumes, after the kernel's caches were dropped`;
  return [{ what, value: median(times), unit: "ms", atMost: 10_000 }];
}

async function pages(agent: ServedPool, expected: Sizes): Promise<Figure[]> {
  await setTimeout(SETTLED_MS);
  const afterStart = await memoryMiB(agent);
  const times: number[] = [];
  for (let round = 0; round < LISTINGS; round++) {
    const { sizes, pageMs } = await listAll(agent);
    requireSame(sizes, expected);
    times.push(...pageMs);
  }
  const afterLists = await memoryMiB(agent);
  return [
    { what: "resident memory some seconds after the start", value: afterStart, unit: "MiB", atMost: 350 },
    {
      what: `resident memory after ${LISTINGS} lists of all volumes`,
      value: afterLists,
      unit: "MiB",
      atMost: 350,
    },
    {
      what: "most resident memory at any time, the start among them",
      value: await memoryMiB(agent, true),
      unit: "MiB",
    },
    { what: "list page of 500, p50", value: percentile(times, 0.5), unit: "ms" },
    { what: "list page of 500, p99", value: percentile(times, 0.99), unit: "ms", atMost: 25 },
  ];
}
