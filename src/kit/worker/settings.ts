import type { WorkerCommand } from "./process.ts";

/** How workers of a kind are kept. */
export interface WorkerSettings {
  readonly command: WorkerCommand;
  /** Workers at work at the same time. */
  readonly size: number;
  /** A session of PowerShell shows stale objects in the long run: a worker ends after so many calls or milliseconds. */
  readonly mostCalls: number;
  readonly mostAgeMs: number;
  /** Longest time for an operation, milliseconds; the start of a worker is a `hello`. */
  readonly deadlineMs: (op: string) => number;
  /** How often idle workers are asked whether they still answer, milliseconds. */
  readonly probeMs: number;
}
