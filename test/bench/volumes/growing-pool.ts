import { median, timed } from "../statistics.ts";
import type { BenchDriver } from "./driver.ts";
import type { Row } from "./report.ts";

const ROUNDS = 5;
const FEW = 100;
const MANY = 10_000;
/** MiB of a volume: a pool promises no more than it has free. */
const SIZE = 4;

/** How create and list slow down from 100 volumes to 10,000: times with many over times with few. */
export interface Growth {
  readonly few: number;
  readonly many: number;
  readonly createRatio: number;
  readonly listPageRatio: number;
}

export async function growingPool(driver: BenchDriver, rows: Row[]): Promise<Growth> {
  process.stderr.write(`filling the pool with ${MANY} volumes\n`);
  const ids: string[] = [];
  const fill = async (upTo: number) => {
    const begin = ids.length;
    await timed(upTo - begin, 32, async (index) => {
      ids[begin + index] = await driver.create(`fill-${begin + index}`, SIZE);
    });
  };
  const look = async (stage: string) => {
    const creates: number[] = [];
    const pages: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      creates.push(
        (
          await timed(100, 1, async (index) => {
            ids.push(await driver.create(`look-${stage}-${round}-${index}`, SIZE));
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
  return { few: FEW, many: MANY, createRatio: many.create / few.create, listPageRatio: many.page / few.page };
}
