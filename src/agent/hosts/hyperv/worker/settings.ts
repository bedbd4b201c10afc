import type { Operation } from "../protocol.ts";
import type { WorkerCommand } from "./process.ts";

export interface WorkerSettings {
  readonly command: WorkerCommand;
  /** Workers at work at the same time. */
  readonly size: number;
  /** A session of PowerShell shows stale objects in the long run: a worker ends after so many calls or milliseconds. */
  readonly mostCalls: number;
  readonly mostAgeMs: number;
  /** Longest time for an operation, milliseconds; the start of a worker is a `hello`. */
  readonly deadlineMs: (op: Operation) => number;
  /** How often idle workers are asked whether they still answer, milliseconds. */
  readonly probeMs: number;
}

const deadlines: Partial<Record<Operation, number>> = {
  hello: 60_000,
  resize: 110_000,
  createCheckpoint: 110_000,
  setGuestItem: 20_000,
  writeEvent: 10_000,
};

export const defaultWorkerSettings: Omit<WorkerSettings, "command"> = {
  size: 4,
  mostCalls: 1000,
  mostAgeMs: 30 * 60_000,
  deadlineMs: (op) => deadlines[op] ?? 50_000,
  probeMs: 60_000,
};
