import { pino } from "pino";
import type { Log } from "../../src/kit/log.ts";

export type LogLine = Readonly<Record<string, unknown>>;

/** A log whose lines a test can look at. */
export function recordedLog(): { readonly log: Log; readonly lines: () => readonly LogLine[] } {
  const recorded: LogLine[] = [];
  const log = pino(
    { level: "debug" },
    { write: (line: string) => recorded.push(JSON.parse(line) as LogLine) },
  );
  return { log, lines: () => recorded };
}
