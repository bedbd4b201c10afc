import { pino, type Logger } from "pino";

export type Log = Logger;

export const logLevels = ["trace", "debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

/** Fields whose values never reach a log, at the depths at which requests carry them. */
const secretPaths = [
  "secrets",
  "*.secrets",
  "apiKey",
  "*.apiKey",
  "headers.authorization",
  "headers['x-api-key']",
];

/** A logger on standard error: for people on a terminal, one JSON object per line otherwise. */
export async function createLog(level: LogLevel): Promise<Log> {
  const options = { level, base: null, redact: { paths: secretPaths, censor: "[secret]" } };
  if (!process.stderr.isTTY) {
    return pino(
      { ...options, timestamp: pino.stdTimeFunctions.isoTime },
      pino.destination({ fd: 2, sync: true }),
    );
  }
  // A stream, not a worker transport: the bundle is one file.
  const { default: pretty } = await import("pino-pretty");
  return pino(options, pretty({ colorize: true, ignore: "pid,hostname", destination: 2, sync: true }));
}

/** A logger that writes nothing. */
export function silentLog(): Log {
  return pino({ level: "silent" });
}
