import type { WorkerSettings } from "../../../../kit/worker/settings.ts";
import type { Operation } from "../protocol.ts";

const deadlines: Partial<Record<string, number>> = {
  hello: 60_000,
  resize: 110_000,
  createCheckpoint: 110_000,
  setGuestItem: 20_000,
  writeEvent: 10_000,
} satisfies Partial<Record<Operation, number>>;

export const defaultWorkerSettings: Omit<WorkerSettings, "command"> = {
  size: 4,
  mostCalls: 1000,
  mostAgeMs: 30 * 60_000,
  deadlineMs: (op) => deadlines[op] ?? 50_000,
  probeMs: 60_000,
};
