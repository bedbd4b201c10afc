import { rm } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { runAny } from "../../src/kit/run.ts";
import { endOwnProcesses } from "../support/own-processes.ts";
import { loopsBelow, mountsBelow } from "../support/scratch-directory.ts";

const ending = new AbortController();
let directory: string | undefined;
let cleaning: Promise<void> | undefined;

/** Aborted when somebody ends the bench: long loops look at it. */
export const interrupted: AbortSignal = ending.signal;

/** From now on everything below the directory goes when the bench ends, by itself or by a signal. */
export function cleanUpBelow(path: string): void {
  directory = path;
  cleaning = undefined;
}

/** Ends the bench's processes, mounts and loop devices below its directory, and removes that. */
export function cleanUp(): Promise<void> {
  cleaning ??= directory === undefined ? Promise.resolve() : removeAll(directory);
  return cleaning;
}

/** Cleans up on Ctrl-C too, and when something fails that nobody waits for. */
export function cleanUpOnSignals(): void {
  process.once("uncaughtException", (error) => {
    process.stderr.write(`${error.stack ?? error.message}\n`);
    void cleanUp().finally(() => process.exit(1));
  });
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    process.once(signal, () => {
      ending.abort();
      void cleanUp().finally(() => process.exit(code));
    });
  }
}

async function removeAll(path: string): Promise<void> {
  await endOwnProcesses();
  // A device over a file holds the file system that the file is in, and a program that just ends holds both.
  for (let round = 0; round < 10; round++) {
    for (const device of loopsBelow(path)) await runAny("losetup", ["--detach", device]);
    for (const mountPoint of await mountsBelow(path)) await runAny("umount", [mountPoint]);
    if (loopsBelow(path).length === 0 && (await mountsBelow(path)).length === 0) break;
    await setTimeout(200);
  }
  const left = await mountsBelow(path);
  if (left.length > 0) throw new Error(`still mounted: ${left.join(" ")}`);
  await rm(path, { recursive: true, force: true, maxRetries: 3 });
}
