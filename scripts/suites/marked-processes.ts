import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

/** Kept by whatever a process starts, in sessions and process groups of their own, too. Marks with spaces between them. */
const VARIABLE = "RUN_MARKS";

/** The environment that marks a process and all that it starts, beside the marks that this process has itself. */
export function markedBy(mark: string): Readonly<Record<string, string>> {
  return { [VARIABLE]: [process.env[VARIABLE] ?? "", mark].join(" ").trim() };
}

/** Processes with a mark. One that has ended and waits to be read has none; none are found on a system without /proc. */
export async function markedProcesses(mark: string): Promise<number[]> {
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
  const marks = await Promise.all(
    pids.map(async (pid) => {
      const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
      const entry = environment.split("\0").find((each) => each.startsWith(`${VARIABLE}=`));
      return (
        entry
          ?.slice(VARIABLE.length + 1)
          .split(" ")
          .includes(mark) ?? false
      );
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
