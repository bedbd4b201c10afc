import { mkdtemp, realpath } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listLoopDevices } from "../../src/kit/loop-devices.ts";
import { readMountTable } from "../../src/kit/mount-table.ts";
import { runAny } from "../../src/kit/run.ts";
import { endOwnProcesses } from "./own-processes.ts";
import { removeDirectory } from "./temporary.ts";

/**
 * A directory for the tests of the enclosing `describe`. Afterwards it is gone, with every mount below it, every loop
 * device over a file in it, and the processes that tests started.
 */
export function scratchDirectory(): (...parts: string[]) => string {
  let directory = "";
  before(async () => {
    directory = await mkdtemp(join(await realpath(tmpdir()), "hyperv-csi-test-"));
  });
  after(async () => {
    await endOwnProcesses();
    // A device over a file holds the file system that the file is in.
    for (let round = 0; round < 3; round++) {
      await unmountBelow(directory, []);
      await detachBelow(directory);
    }
    await unmountBelow(directory, ["--lazy"]);
    await detachBelow(directory);
    const left = await mountsBelow(directory);
    if (left.length > 0) throw new Error(`still mounted: ${left.join(" ")}`);
    await removeDirectory(directory);
  });
  return (...parts) => join(directory, ...parts);
}

/** Mount points at or below a directory, the topmost first. */
export async function mountsBelow(directory: string): Promise<string[]> {
  const mounts = await readMountTable();
  return mounts
    .map(({ mountPoint }) => mountPoint)
    .filter((path) => path === directory || path.startsWith(`${directory}/`))
    .reverse();
}

/** Loop devices over files below a directory, and those over such devices, which come first. */
export function loopsBelow(directory: string): string[] {
  const all = listLoopDevices();
  const own = all.filter(({ backingFile }) => backingFile.startsWith(`${directory}/`));
  const over = all.filter(({ backingFile }) => own.some(({ device }) => device === backingFile));
  return [...over, ...own].map(({ device }) => device);
}

/** Unmounts what can be; with `--lazy` all of it. */
async function unmountBelow(directory: string, options: readonly string[]): Promise<void> {
  for (const path of await mountsBelow(directory)) await runAny("umount", [...options, path]);
}

async function detachBelow(directory: string): Promise<void> {
  for (const device of loopsBelow(directory)) await runAny("losetup", ["--detach", device]);
}
