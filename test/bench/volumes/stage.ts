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

/** The same file system on the same device by turns, each first in every third round, the device blank each time. */
export async function stageBesideBare(driver: BenchDriver, directory: string): Promise<StageFigures> {
  process.stderr.write("stage, beside mkfs and mount by hand\n");
  const id = await driver.create("staged", SIZE);
  const context = await driver.attach(id);
  const device = deviceOf(context);
  const mountPoint = join(directory, "bare");
  await mkdir(mountPoint);
  const shell = startShell();
  const stage = async () => {
    const time = await clock(() => driver.stage(id, context));
    await driver.unstage(id);
    return time;
  };
  const bare = async () => {
    const line = `mkfs.ext4 -q -F -m 0 ${device} && mount -t ext4 ${device} ${mountPoint} && echo mounted`;
    const time = await clock(() => shell.run(line, "mounted"));
    await run("umount", [mountPoint]);
    return time;
  };
  const fromNode = async () => {
    const time = await clock(async () => {
      await run("mkfs.ext4", ["-q", "-F", "-m", "0", device]);
      await run("mount", ["-t", "ext4", device, mountPoint]);
    });
    await run("umount", [mountPoint]);
    return time;
  };
  const blank = () => run("blkdiscard", ["--force", device]);
  const ways = { stage, bare, fromNode };
  const names = ["stage", "bare", "fromNode"] as const;
  const rounds: Record<(typeof names)[number], number>[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const times = { stage: 0, bare: 0, fromNode: 0 };
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(round + turn) % names.length] ?? "stage";
      times[name] = await ways[name]();
      await blank();
    }
    rounds.push(times);
  }
  await shell.end();
  await driver.detach(id);
  await driver.delete(id);
  return {
    stage: median(rounds.map((times) => times.stage)),
    bare: median(rounds.map((times) => times.bare)),
    ratio: median(rounds.map((times) => times.stage / times.bare)),
    fromNode: median(rounds.map((times) => times.fromNode)),
    ratioFromNode: median(rounds.map((times) => times.stage / times.fromNode)),
    goal: 1.15,
  };
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
    /** @throws Error when it answers anything else */
    run: async (line: string, answer: string) => {
      const said = once(child.stdout, "data");
      child.stdin.write(`${line} || exit 1\n`);
      const [data] = (await Promise.race([said, ended])) as [Buffer];
      if (data.toString() !== `${answer}\n`) throw new Error(`the shell said ${data.toString()}`);
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
