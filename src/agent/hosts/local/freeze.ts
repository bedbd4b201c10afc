import { spawn } from "node:child_process";
import { once } from "node:events";
import { StatusError } from "../../../kit/errors.ts";
import { run, runAny } from "../../../kit/run.ts";

/** Longest that file systems stay frozen, seconds: whoever writes to them waits so long. */
const LONGEST_FREEZE_S = 10;

/** Thaws what its arguments name after some seconds, whatever became of us. */
const WATCHDOG = `sleep ${LONGEST_FREEZE_S}; for mount; do fsfreeze --unfreeze "$mount"; done`;

/**
 * Does `job` while nothing is written to the file systems mounted there. They thaw when it ends, or after ten seconds:
 * a process of its own sees to that, even when this one is killed.
 * @throws StatusError ABORTED when the job took longer than they may be frozen.
 */
export async function whileFrozen<T>(
  mountPoints: readonly string[],
  job: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  if (mountPoints.length === 0) return await job();
  const watchdog = spawn("sh", ["-c", WATCHDOG, "hyperv-csi-thaw", ...mountPoints], {
    stdio: "ignore",
    detached: true,
  });
  await once(watchdog, "spawn");
  watchdog.unref();
  const started = performance.now();
  const frozen: string[] = [];
  try {
    for (const mountPoint of mountPoints) {
      frozen.push(mountPoint);
      await run("fsfreeze", ["--freeze", mountPoint], signal);
    }
    const result = await job();
    if (performance.now() - started < LONGEST_FREEZE_S * 1000) return result;
    throw new StatusError("ABORTED", "the copies took longer than the file systems may be frozen; try again");
  } finally {
    for (const mountPoint of frozen.toReversed()) {
      // The watchdog may have been faster, or the freeze itself failed.
      await runAny("fsfreeze", ["--unfreeze", mountPoint], AbortSignal.timeout(LONGEST_FREEZE_S * 1000));
    }
    if (watchdog.pid !== undefined) process.kill(-watchdog.pid, "SIGKILL");
  }
}
