import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { decodePublishContext } from "../../../src/agent-client/disk-address.ts";
import { listLoopDevices } from "../../../src/kit/loop-devices.ts";
import { median } from "../statistics.ts";
import type { BenchDriver, PublishContext } from "./driver.ts";

const ROUNDS = 31;
/** MiB. 10 GiB, as claims usually have, and more: what stage does beyond its mkfs takes no longer for it. */
const SIZES = [10 * 1024, 50 * 1024];

/** NodeStageVolume of a blank disk beside mkfs and mount in a shell. Times in ms, medians. */
export interface StageFigures {
  /** GiB. */
  readonly size: number;
  readonly stage: number;
  readonly bare: number;
  /** `stage / bare`, the median of the rounds' own ratios. */
  readonly ratio: number;
  /** What it should be at most. */
  readonly goal: number;
  /** mkfs and mount once blkid and the ends of the disk have shown in the same shell that it is blank. */
  readonly proven: number;
  readonly ratioProven: number;
}

export async function stagesBesideBare(driver: BenchDriver, directory: string): Promise<StageFigures[]> {
  const mountPoint = join(directory, "bare");
  await mkdir(mountPoint);
  const shell = startShell();
  const figures: StageFigures[] = [];
  for (const size of SIZES) {
    process.stderr.write(`stage of ${size / 1024} GiB, beside mkfs and mount by hand\n`);
    figures.push(await stageBesideBare(driver, size, mountPoint, shell));
  }
  await shell.end();
  return figures;
}

/** The same file system on the same device by turns, each first in every third round, the device blank each time. */
async function stageBesideBare(
  driver: BenchDriver,
  size: number,
  mountPoint: string,
  shell: Shell,
): Promise<StageFigures> {
  const id = await driver.create(`staged-${size}`, size);
  const context = await driver.attach(id);
  const device = deviceOf(context);
  // What starts in this process copies it, which the next call of this client would pay for.
  const blank = () => shell.run(`blkdiscard --force ${device} 2>/dev/null`);
  const stage = async () => {
    const time = await clock(() => driver.stage(id, context));
    await driver.unstage(id);
    return time;
  };
  const byHand = async (line: string) => {
    const time = await clock(() => shell.run(line));
    await shell.run(`umount ${mountPoint}`);
    return time;
  };
  const formatAndMount = `mkfs.ext4 -q -F -m 0 ${device} && mount -t ext4 ${device} ${mountPoint}`;
  const isZero = (at: number) =>
    `dd if=${device} bs=1M skip=${at} count=1 iflag=direct status=none | cmp -s -n 1048576 - /dev/zero`;
  const proof = `! blkid --probe ${device} && ${isZero(0)} && ${isZero(size - 1)}`;
  const bare = () => byHand(formatAndMount);
  const proven = () => byHand(`${proof} && ${formatAndMount}`);
  const rounds = await byTurns({ stage, bare, proven }, blank);
  await driver.detach(id);
  await driver.delete(id);
  return {
    size: size / 1024,
    stage: median(rounds.map((times) => times.stage)),
    bare: median(rounds.map((times) => times.bare)),
    ratio: median(rounds.map((times) => times.stage / times.bare)),
    goal: 1.15,
    proven: median(rounds.map((times) => times.proven)),
    ratioProven: median(rounds.map((times) => times.stage / times.proven)),
  };
}

/** Each round's times. */
async function byTurns<Name extends string>(
  ways: Readonly<Record<Name, () => Promise<number>>>,
  blank: () => Promise<void>,
): Promise<Record<Name, number>[]> {
  const names = Object.keys(ways) as Name[];
  const rounds: Record<Name, number>[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const times: [Name, number][] = [];
    const first = round % names.length;
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      times.push([name, await ways[name]()]);
      await blank();
    }
    rounds.push(Object.fromEntries(times) as Record<Name, number>);
  }
  return rounds;
}

interface Shell {
  /** @throws Error when a command of the line fails */
  run(line: string): Promise<void>;
  end(): Promise<void>;
}

/**
 * A shell that waits for lines: programs start faster from it than from this process, whose size each start would have
 * to copy.
 */
function startShell(): Shell {
  const child = spawn("sh", { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "close").then(() => Promise.reject(new Error("the shell ended")));
  ended.catch(() => undefined);
  return {
    run: async (line: string) => {
      const said = once(child.stdout, "data");
      child.stdin.write(`${line} && echo done || exit 1\n`);
      const [data] = (await Promise.race([said, ended])) as [Buffer];
      if (data.toString() !== "done\n") throw new Error(`the shell said ${data.toString()}`);
    },
    end: async () => {
      child.stdin.end();
      await ended.catch(() => undefined);
    },
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
