import { MiB } from "../../../src/kit/sizes.ts";
import { median } from "../statistics.ts";
import type { Figure } from "./figure.ts";
import { call, type ServedPool } from "./served-pool.ts";

const ROUNDS = 15;
const CREATES = 20;

/** Creates in a full and in an empty pool by turns, one after the other. What a round makes it also deletes. */
export async function compareCreates(full: ServedPool, empty: ServedPool): Promise<Figure[]> {
  const times = new Map<ServedPool, number[]>([
    [full, []],
    [empty, []],
  ]);
  // The first round is not counted: both programs still get warm.
  for (let round = 0; round <= ROUNDS; round++) {
    for (const agent of round % 2 === 0 ? [full, empty] : [empty, full]) {
      const made = await createSome(agent, round);
      if (round > 0) times.get(agent)?.push(...made);
    }
  }
  const [inFull, inEmpty] = [median(times.get(full) ?? []), median(times.get(empty) ?? [])];
  return [
    { what: "create in the full pool, p50", value: inFull, unit: "ms" },
    { what: "create in an empty pool, p50", value: inEmpty, unit: "ms" },
    { what: "create in the full pool against an empty one", value: inFull / inEmpty, unit: "x", atMost: 1.5 },
  ];
}

/** How long each create took, milliseconds. */
async function createSome({ client }: ServedPool, round: number): Promise<number[]> {
  const times: number[] = [];
  const ids: string[] = [];
  for (let index = 0; index < CREATES; index++) {
    const started = performance.now();
    const labels = { claim: `data-${index}` };
    const { id } = await client.createVolume(`made-${round}-${index}`, { size: 8n * MiB, labels }, call());
    times.push(performance.now() - started);
    ids.push(id);
  }
  for (const id of ids) await client.deleteVolume(id, call());
  return times;
}
