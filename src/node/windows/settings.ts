import type { WorkerSettings } from "../../kit/worker/settings.ts";
import type { Operation } from "./protocol.ts";

/** As long as a timer of Node can be: a format is never cut off. */
const NEVER = 2 ** 31 - 1;

const deadlines: Partial<Record<string, number>> = {
  hello: 60_000,
  format: NEVER,
  resize: NEVER,
  // They touch one volume, which may hang.
  volume: 10_000,
  mountPoint: 10_000,
} satisfies Partial<Record<Operation, number>>;

export const defaultWorkerSettings: Omit<WorkerSettings, "command"> = {
  // A few may format for minutes, and one may hang, while others are asked.
  size: 8,
  mostCalls: 1000,
  mostAgeMs: 30 * 60_000,
  deadlineMs: (op) => deadlines[op] ?? 60_000,
  probeMs: 60_000,
};
