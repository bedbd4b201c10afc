import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { decodePublishContext } from "../../../src/agent-client/disk-address.ts";
import { listLoopDevices } from "../../../src/kit/loop-devices.ts";
import { median } from "../statistics.ts";
import type { BenchDriver, PublishContext } from "./driver.ts";

const ROUNDS = 31;
/** 10 GiB, as claims usually have, in MiB. */
const SIZE = 10 * 1024;
const run = promisify(execFile);

/** NodeStageVolume of a blank disk of 10 GiB beside mkfs and mount in a shell. Times in ms, medians. */
export interface StageFigures {
  readonly stage: number;
  readonly bare: number;
  /** `stage / bare`, the median of the rounds' own ratios. */
  readonly ratio: number;
  /** The same two programs started by Node's own spawn, as a driver in Node without calls of its own would. */
  readonly fromNode: number;
  readonly ratioFromNode: number;
  /** What it should be at most. */
  readonly goal: number;
}

/** The same file system on the same device by turns, each first in every second round, the device blank each time. */
export async function stageBesideBare(driver: BenchDriver, directory: string): Promise<StageFigures> {
  process.stderr.write("stage, beside mkfs and mount by hand\n");
  const id = await driver.create("staged", SIZE);
  const context = await driver.attach(id);
  const device = deviceOf(context);
  const mountPoint = join(directory, "bare");
  await mkdir(mountPoint);
  const shell = startShell();
  // What starts in this process copies it, which the next call of this client would pay for.
  const blank = () => shell.run(`blkdiscard --force ${device} 2>/dev/null`);
  const stage = async () => {
    const time = await clock(() => driver.stage(id, context));
    await driver.unstage(id);
    return time;
  };
  const unmounted = async (work: () => Promise<void>) => {
    const time = await clock(work);
    await shell.run(`umount ${mountPoint}`);
    return time;
  };
  const mkfs = ["-q", "-F", "-m", "0", device];
  const mount = ["-t", "ext4", device, mountPoint];
  const bare = () => unmounted(() => shell.run(`mkfs.ext4 ${mkfs.join(" ")} && mount ${mount.join(" ")}`));
  const fromNode = () =>
    unmounted(async () => {
      await run("mkfs.ext4", mkfs);
      await run("mount", mount);
    });
  const beside = await byTurns({ stage, bare }, blank);
  const started = await byTurns({ stage, fromNode }, blank);
  await shell.end();
  await driver.detach(id);
  await driver.delete(id);
  return {
    stage: median(beside.map((times) => times.stage)),
    bare: median(beside.map((times) => times.bare)),
    ratio: median(beside.map((times) => times.stage / times.bare)),
    fromNode: median(started.map((times) => times.fromNode)),
    ratioFromNode: median(started.map((times) => times.stage / times.fromNode)),
    goal: 1.15,
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
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      times.push([name, await ways[name]()]);
      await blank();
    }
    rounds.push(Object.fromEntries(times) as Record<Name, number>);
  }
  return rounds;
}

/**
 * A shell that waits for lines: programs start faster from it than from this process, whose size each start would have
 * to copy.
 */
function startShell() {
  const child = spawn("sh", { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "close").then(() => Promise.reject(new Error("the shell ended")));
  ended.catch(() => undefined);
  return {
    /** @throws Error when a command of the line fails */
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
