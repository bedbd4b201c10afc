import { type ChildProcess } from "node:child_process";
import childProcess from "node:child_process";
import fs from "node:fs";
import promises, { type FileHandle, open } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

/** Calls that change something on disk, each of them a step. */
const CHANGES = [
  "chmod",
  "copyFile",
  "link",
  "mkdir",
  "rename",
  "rm",
  "rmdir",
  "symlink",
  "truncate",
  "unlink",
];
const FILE_CHANGES = ["chmod", "datasync", "sync", "truncate", "write", "writeFile", "writev"];
/** The same of bare descriptors, which end with a call of their last argument. */
const BARE_CHANGES = ["fdatasync", "fsync", "ftruncate", "write"];

type Call = (...args: unknown[]) => Promise<unknown>;
type BareCall = (...args: unknown[]) => void;

let counting = false;
let left = 0;

/** From now on the process ends itself with SIGKILL right after the `steps`-th step. */
export function dieAfter(steps: number): void {
  counting = true;
  left = steps;
}

function step(): void {
  if (counting && --left === 0) process.kill(process.pid, "SIGKILL");
}

function counted(call: Call, isStep: (args: unknown[]) => boolean = () => true): Call {
  return async function (this: unknown, ...args) {
    const result = await call.apply(this, args);
    if (isStep(args)) step();
    return result;
  };
}

function countedBare(call: BareCall, isStep: (args: unknown[]) => boolean = () => true): BareCall {
  return (...args) => {
    const done = args.pop() as BareCall;
    call(...args, (...results: unknown[]) => {
      if (isStep(args)) step();
      done(...results);
    });
  };
}

const opensToWrite = ([, flags]: unknown[]) => typeof flags !== "string" || !flags.startsWith("r");

/** Counts every change of a file or directory, and every program that Node itself started, as a step. */
export async function watchSteps(): Promise<void> {
  const calls = promises as unknown as Record<string, Call>;
  const handle: FileHandle = await open("/dev/null");
  const fileCalls = Object.getPrototypeOf(handle) as Record<string, Call>;
  await handle.close();
  for (const name of CHANGES) calls[name] = counted(calls[name]!);
  calls["open"] = counted(calls["open"]!, opensToWrite);
  for (const name of FILE_CHANGES) fileCalls[name] = counted(fileCalls[name]!);
  const bareCalls = fs as unknown as Record<string, BareCall>;
  for (const name of BARE_CHANGES) bareCalls[name] = countedBare(bareCalls[name]!);
  bareCalls["open"] = countedBare(bareCalls["open"]!, opensToWrite);
  const spawn = childProcess.spawn as (...args: unknown[]) => ChildProcess;
  Object.assign(childProcess, {
    spawn: (...args: unknown[]) => spawn(...args).once("exit", step),
  });
  syncBuiltinESMExports();
}
