import { readFile } from "node:fs/promises";

const GRACE_MS = 30_000;

/**
 * Ends this process, whose work is done, when something that it left would keep it for ever: a child, a server, a timer.
 * `tell` is told what that was first.
 */
export function mustEnd(tell: (why: string) => void, graceMs = GRACE_MS): void {
  const end = async () => {
    const kept = [...process.getActiveResourcesInfo(), ...(await childrenOfThis())].sort();
    const why = `the process went on when all was over; what was left: ${kept.join(", ")}`;
    process.stdout.write(`\n${why}\n`);
    tell(why);
    process.exit(1);
  };
  // It keeps nothing itself: where nothing is left, the process has ended before.
  setTimeout(() => void end(), graceMs).unref();
}

/** Command lines; of no use, and none, on a system without /proc. */
async function childrenOfThis(): Promise<string[]> {
  const list = `/proc/self/task/${process.pid}/children`;
  const pids = (await readFile(list, "utf8").catch(() => "")).split(" ").filter((pid) => pid !== "");
  return await Promise.all(
    pids.map(async (pid) => {
      const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
      return `process ${pid}: ${line.replaceAll("\0", " ").trim()}`;
    }),
  );
}
