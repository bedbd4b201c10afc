import { benchChanges } from "./changes.ts";
import { benchConvert } from "./convert.ts";
import { benchCreate, benchInspect } from "./files.ts";
import { printRatios } from "./ratio.ts";
import { benchTransfer } from "./transfer.ts";

/** The library beside qemu-img and beside plain files. */
export async function benchVhdx(directory: string): Promise<unknown> {
  // First: gigabytes of what the others wrote are flushed for a while behind them, and take the disk and a core.
  const filesPerSecond = await benchInspect(directory);
  const ratios = [
    await benchCreate(directory),
    ...(await benchTransfer(directory)),
    ...(await benchChanges(directory)),
    ...(await benchConvert(directory)),
  ];
  printRatios(ratios);
  process.stdout.write(`inspect: ${filesPerSecond.toFixed(0)} files a second (goal: 3000)\n`);
  return { ratios, inspect: { filesPerSecond, goal: 3000 } };
}
