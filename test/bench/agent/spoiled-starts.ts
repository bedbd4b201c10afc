import { randomBytes } from "node:crypto";
import { readFile, rm, truncate, writeFile } from "node:fs/promises";
import { PoolLayout } from "../../../src/agent/engine/pool/layout.ts";
import { MiB } from "../../../src/kit/sizes.ts";
import type { Figure } from "./figure.ts";
import { listAll, requireSame } from "./listing.ts";
import type { Sizes } from "./populate.ts";
import { call, type ServedPool, stop } from "./served-pool.ts";

/** Volumes that are made, deleted and grown, each, behind the back of an index. */
const CHANGES = 100;

/**
 * Starts of an agent whose pool has no index that is worth something. They may only take longer. Leaves the pool with
 * a good index, and `expected` with what is in it.
 */
export async function startsWithoutIndex(
  serve: () => Promise<ServedPool>,
  pool: string,
  expected: Sizes,
): Promise<Figure[]> {
  const { index } = new PoolLayout(pool);
  const spoil: Readonly<Record<string, () => Promise<void>>> = {
    "no index": () => rm(index, { force: true }),
    "an index cut in the middle": async () => {
      await truncate(index, (await readFile(index)).length >> 1);
    },
    "an index of random bytes": async () => {
      await writeFile(index, randomBytes((await readFile(index)).length));
    },
  };
  const figures: Figure[] = [];
  for (const [what, change] of Object.entries(spoil)) {
    await change();
    const agent = await serve();
    figures.push({ what: `start with ${what}`, value: agent.startMs, unit: "ms" });
    requireSame((await listAll(agent)).sizes, expected);
    await stop(agent);
  }
  figures.push(await startAfterKill(serve, expected));
  return figures;
}

/** An agent that is killed leaves the index of its start: what was changed since then is not in it. */
async function startAfterKill(serve: () => Promise<ServedPool>, expected: Sizes): Promise<Figure> {
  const killed = await serve();
  await changeSome(killed, expected);
  await killed.process.kill("SIGKILL");
  const agent = await serve();
  requireSame((await listAll(agent)).sizes, expected);
  await stop(agent);
  return { what: "start with an index from before a kill -9", value: agent.startMs, unit: "ms" };
}

async function changeSome({ client }: ServedPool, expected: Sizes): Promise<void> {
  const [...ids] = expected.keys();
  for (let index = 0; index < CHANGES; index++) {
    const [deleted = "", grown = ""] = ids.splice(-2);
    await client.deleteVolume(deleted, call());
    expected.delete(deleted);
    const size = 32n * MiB;
    await client.expandVolume(grown, size, undefined, call());
    expected.set(grown, size);
    const { id } = await client.createVolume(`later-${index}`, { size }, call());
    expected.set(id, size);
  }
}
