import { pino } from "pino";
import { StatusError } from "../../kit/errors.ts";
import type { Log } from "../../kit/log.ts";

/** One change that somebody asked for. */
export interface AuditEntry {
  readonly operation: string;
  /** Key name and address of who asked, as `name@address`. */
  readonly caller: string;
  readonly requestId: string;
  /** What was to be changed, and how. */
  readonly subject: object;
  /** `OK`, or why it was not done. */
  readonly code: string;
  readonly error?: string;
  readonly ms: number;
}

export interface AuditLog {
  readonly note: (entry: AuditEntry) => void;
  readonly close: () => void;
}

/**
 * Where changes are told: a file of JSON lines that only its owner reads, or without one the log itself.
 * @throws StatusError FAILED_PRECONDITION when the file can't be written.
 */
export function openAuditLog(path: string | undefined, log: Log): AuditLog {
  if (path === undefined) {
    return {
      note: (entry) => {
        log.info({ audit: true, ...entry }, `${entry.operation}: ${entry.code}`);
      },
      close: () => undefined,
    };
  }
  const file = openFile(path);
  // A disk that fills up must not stop the agent: what is lost is told in the log.
  file.on("error", (error) => {
    log.error({ err: error, path }, "the audit log can't be written");
  });
  const lines = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, file);
  return {
    note: (entry) => {
      lines.info(entry);
    },
    close: () => {
      file.end();
    },
  };
}

function openFile(path: string) {
  try {
    return pino.destination({ dest: path, append: true, mode: 0o600, sync: true });
  } catch (error) {
    const message = `the audit log ${path} can't be written: ${StatusError.from(error).message}`;
    throw new StatusError("FAILED_PRECONDITION", message, error);
  }
}
