import { parseArgs } from "node:util";
import { formatTally, runCampaign } from "./campaign.ts";

// node test/vhdx/fuzz/run.ts --cases 1000000 [--seed 1]: as many cases as wanted, and how much memory they take.
const { values } = parseArgs({
  options: { cases: { type: "string", default: "1000000" }, seed: { type: "string", default: "1" } },
});
const LARGEST_GROWTH = 256 << 20;
const started = performance.now();
let floor = 0;
let peak = 0;

const tally = await runCampaign(Number(values.cases), Number(values.seed), (so) => {
  if (so.cases === 2000) floor = process.memoryUsage.rss();
  if (so.cases % 1000 === 0) peak = Math.max(peak, process.memoryUsage.rss());
  if (so.cases % 50_000 === 0 && so.cases > 0) process.stderr.write(`${formatTally(so)}\n`);
  return true;
});
const growth = floor === 0 ? 0 : peak - floor;
process.stdout.write(`${formatTally(tally)}\n`);
process.stdout.write(
  `${((performance.now() - started) / 1000).toFixed(0)} s, memory grew by ${(growth / 2 ** 20).toFixed(0)} MiB to ${(peak / 2 ** 20).toFixed(0)} MiB\n`,
);
if (growth > LARGEST_GROWTH) throw new Error("memory is not bounded");
