import { StatusError } from "../../../kit/errors.ts";
import type { Log } from "../../../kit/log.ts";
import { pause } from "../../../kit/pause.ts";

/** What one replica of the controller does at a time. */
export interface Task {
  /** As the log has it. */
  readonly name: string;
  /** Works until the signal is aborted, and then ends without another change of anything. One that fails is started again. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/** From a failure to the next start, in milliseconds; it doubles up to the longest. */
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 60_000;

/** Runs all tasks until the signal is aborted and each of them has ended. */
export async function runTasks(tasks: readonly Task[], log: Log, signal: AbortSignal): Promise<void> {
  await Promise.all(tasks.map((task) => runTask(task, log, signal)));
}

async function runTask({ name, run }: Task, log: Log, signal: AbortSignal): Promise<void> {
  let wait = FIRST_PAUSE;
  do {
    try {
      await run(signal);
      if (!signal.aborted) log.error({ task: name }, "a task has ended by itself: it is started again");
    } catch (error) {
      if (signal.aborted) return;
      log.error(
        { task: name, reason: StatusError.from(error).message },
        "a task failed: it is started again",
      );
    }
    wait = Math.min(wait * 2, LONGEST_PAUSE);
  } while (await pause(wait / 2, signal));
}
