import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

/** Kept by whatever a process starts, in sessions and process groups of their own, too. */
const VARIABLE = "CI_STEP_MARK";

/** The environment that marks a process and all that it starts. */
export const markedBy = (mark: string): Readonly<Record<string, string>> => ({ [VARIABLE]: mark });

/** Processes with a mark. One that has ended and waits to be read has none. */
export async function markedProcesses(mark: string): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const marks = await Promise.all(
    pids.map(async (pid) => {
      const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
      return environment.split("\0").includes(`${VARIABLE}=${mark}`);
    }),
  );
  return pids.filter((_, index) => marks[index]).map(Number);
}

/** Kills all that have a mark; some seconds at most: the kernel may keep one that waits for a disk. */
export async function endMarked(mark: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const pids = await markedProcesses(mark);
    if (pids.length === 0) return;
    for (const pid of pids) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It ended by itself.
      }
    }
    await delay(50);
  }
}
