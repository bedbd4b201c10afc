import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { decodePublishContext } from "../../../src/agent-client/disk-address.ts";
import { listLoopDevices } from "../../../src/kit/loop-devices.ts";
import { median } from "../statistics.ts";
import type { BenchDriver, PublishContext } from "./driver.ts";

const ROUNDS = 31;
const run = promisify(execFile);

/** NodeStageVolume of a blank disk beside mkfs and mount by hand. Times in ms, medians. */
export interface StageFigures {
  readonly stage: number;
  readonly bare: number;
  /** `stage / bare`, the median of the rounds' own ratios. */
  readonly ratio: number;
  /** What it should be at most. */
  readonly goal: number;
}

/** The same file system on the same device by turns, each first in every other round, the device blank each time. */
export async function stageBesideBare(driver: BenchDriver, directory: string): Promise<StageFigures> {
  process.stderr.write("stage, beside mkfs and mount by hand\n");
  const id = await driver.create("staged");
  const context = await driver.attach(id);
  const device = deviceOf(context);
  const mountPoint = join(directory, "bare");
  await mkdir(mountPoint);
  const stage = async () => {
    const time = await clock(() => driver.stage(id, context));
    await driver.unstage(id);
    return time;
  };
  const bare = async () => {
    const time = await clock(async () => {
      await run("mkfs.ext4", ["-q", "-F", "-m", "0", device]);
      await run("mount", ["-t", "ext4", device, mountPoint]);
    });
    await run("umount", [mountPoint]);
    return time;
  };
  const blank = () => run("blkdiscard", [device]);
  const rounds: { stage: number; bare: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const times = { stage: 0, bare: 0 };
    for (const which of round % 2 === 0 ? (["stage", "bare"] as const) : (["bare", "stage"] as const)) {
      times[which] = await (which === "stage" ? stage() : bare());
      await blank();
    }
    rounds.push(times);
  }
  await driver.detach(id);
  await driver.delete(id);
  return {
    stage: median(rounds.map((times) => times.stage)),
    bare: median(rounds.map((times) => times.bare)),
    ratio: median(rounds.map((times) => times.stage / times.bare)),
    goal: 1.15,
  };
}

function deviceOf(context: PublishContext): string {
  const address = decodePublishContext(context);
  if (address.kind !== "loop") throw new Error(`the disk is a ${address.kind}, not a loop device`);
  const loop = listLoopDevices().find(({ backingFile }) => backingFile === address.backingFile);
  if (loop === undefined) throw new Error(`no loop device has ${address.backingFile}`);
  return loop.device;
}

async function clock(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}
