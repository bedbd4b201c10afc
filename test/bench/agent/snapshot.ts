import { randomUUID } from "node:crypto";
import { mkdir, statfs } from "node:fs/promises";
import { formatSize, GiB, MiB, TiB } from "../../../src/kit/sizes.ts";
import { median } from "../statistics.ts";
import type { Figure } from "./figure.ts";
import { servePool, stop } from "./served-pool.ts";
import { type SnapshotSource, withSource, type Shape } from "./snapshot-source.ts";
import { mountNewXfs } from "./xfs-image.ts";

const ROUNDS = 7;
/** What each shape takes of the disk below is given back before the next. */
const LARGEST = 40n * GiB;
const ROOM = 3n * GiB;

interface Case extends Shape {
  /** Bytes written to the attached volume, and not flushed, right before each snapshot; undefined: it is detached. */
  readonly dirty: readonly (bigint | undefined)[];
  /** Most milliseconds for a volume that is flushed or detached. */
  readonly atMost?: number;
}

const detached = undefined;
const cases: readonly Case[] = [
  { allocated: GiB, extents: 100, dirty: [0n] },
  { allocated: GiB, extents: 1000, dirty: [detached, 0n, 64n * MiB, 512n * MiB] },
  { allocated: GiB, extents: 10_000, dirty: [0n] },
  { allocated: 10n * GiB, extents: 1000, dirty: [detached, 0n], atMost: 100 },
  { allocated: LARGEST, extents: 1000, dirty: [0n] },
];

/** How long a snapshot takes on a file system that shares blocks, by size, extents and what is not flushed. */
export async function benchSnapshots(program: string, directory: string): Promise<Figure[]> {
  await mkdir(directory, { recursive: true });
  const { bavail, bsize } = await statfs(directory, { bigint: true });
  const fitting = cases.filter(({ allocated }) => allocated + ROOM <= bavail * bsize);
  if (fitting.length < cases.length) process.stderr.write("too little space for the largest volumes\n");
  const pool = await mountNewXfs(directory, TiB, ROOM);
  const vmId = randomUUID();
  const agent = await servePool(program, directory, pool, ["--vm", vmId]);
  const figures: Figure[] = [];
  for (const { dirty, atMost, ...shape } of fitting) {
    process.stderr.write(`a volume with ${formatSize(shape.allocated)} in ${shape.extents} extents\n`);
    await withSource(agent, vmId, shape, async (source) => {
      for (const bytes of dirty) {
        const what = `${formatSize(shape.allocated)} in ${source.extents} extents, ${stateOf(bytes)}`;
        const value = median(await snapshotTimes(source, bytes));
        figures.push({ what, value, unit: "ms", ...(atMost === undefined ? {} : { atMost }) });
      }
    });
  }
  await stop(agent);
  return figures;
}

function stateOf(dirty: bigint | undefined): string {
  if (dirty === undefined) return "detached";
  return dirty === 0n ? "attached, flushed" : `attached, ${formatSize(dirty)} not flushed`;
}

async function snapshotTimes(source: SnapshotSource, dirty: bigint | undefined): Promise<number[]> {
  if (dirty === undefined) await source.detach();
  else await source.attach();
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await source.settle();
    if (dirty !== undefined) await source.write(dirty);
    times.push(await source.snapshot());
  }
  return times;
}
