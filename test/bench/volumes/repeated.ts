import { timed } from "../statistics.ts";
import type { BenchDriver } from "./driver.ts";
import type { Row } from "./report.ts";

const VOLUMES = 8;
const CALLS = 2000;
/** Milliseconds that 99 of 100 repeated calls take at most. */
const GOAL_P99_MS = 15;

/** Node calls on volumes where all is done already, as kubelet repeats them. */
export async function repeatedNodeCalls(driver: BenchDriver): Promise<Row[]> {
  process.stderr.write("repeated node calls\n");
  const volumes = await Promise.all(
    Array.from({ length: VOLUMES }, async (_, index) => {
      const id = await driver.create(`repeated-${index}`, 1024);
      return { id, context: await driver.attach(id) };
    }),
  );
  const rows: Row[] = [];
  const one = (index: number) => volumes[index % VOLUMES] ?? { id: "", context: {} };
  const repeat = async (what: string, call: (volume: ReturnType<typeof one>) => Promise<void>) => {
    for (const volume of volumes) await call(volume);
    const product = await timed(CALLS, 1, (index) => call(one(index)));
    rows.push({ what: `repeated ${what}`, product, goalP99: GOAL_P99_MS });
  };
  await repeat("stage", ({ id, context }) => driver.stage(id, context));
  await repeat("publish", ({ id, context }) => driver.publish(id, context));
  await repeat("unpublish", ({ id }) => driver.unpublish(id));
  await repeat("unstage", ({ id }) => driver.unstage(id));
  for (const { id } of volumes) {
    await driver.detach(id);
    await driver.delete(id);
  }
  return rows;
}
