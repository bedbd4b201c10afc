import type { KeyedLocks } from "../../../kit/locks.ts";
import type { Log } from "../../../kit/log.ts";
import type { Survey } from "./survey.ts";
import type { HypervWorkers } from "./worker/hyperv-workers.ts";

/** What the operations on a Hyper-V host work with. */
export interface HypervParts {
  readonly workers: HypervWorkers;
  readonly survey: Survey;
  /** By {@link vmKey}: a VM's changes come one after another, as its own management service wants them. */
  readonly locks: KeyedLocks;
  /** The agent's group: part of the names of its checkpoints. */
  readonly group: string;
  /** How long the changes of a VM wait for a merge, milliseconds. */
  readonly longestMergeMs: number;
  readonly log: Log;
}

export const vmKey = (vmId: string) => `vm ${vmId}`;
