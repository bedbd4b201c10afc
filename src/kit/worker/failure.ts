import { type ErrorCode, StatusError } from "../errors.ts";
import type { WorkerError } from "./messages.ts";

/**
 * What HRESULTs of Win32 codes mean for a disk ([MS-ERREF] 2.1.1). The text of an error is never looked at: Windows speaks
 * the administrator's language.
 */
export const win32Results: ReadonlyMap<number, ErrorCode> = new Map<number, ErrorCode>([
  [0x80070002, "NOT_FOUND"], // file not found
  [0x80070003, "NOT_FOUND"], // path not found
  [0x80070005, "PERMISSION_DENIED"], // access denied
  [0x8007000e, "RESOURCE_EXHAUSTED"], // out of memory
  [0x80070015, "UNAVAILABLE"], // device not ready
  [0x80070020, "FAILED_PRECONDITION"], // sharing violation: a VM, a backup or a copy has the file
  [0x80070021, "FAILED_PRECONDITION"], // lock violation
  [0x80070035, "UNAVAILABLE"], // network path not found
  [0x80070057, "INVALID_ARGUMENT"], // invalid parameter
  [0x80070070, "RESOURCE_EXHAUSTED"], // disk full
  [0x800700aa, "FAILED_PRECONDITION"], // the resource is in use
  [0x800700df, "OUT_OF_RANGE"], // file too large
  [0x800703e3, "ABORTED"], // operation aborted
  [0x800705aa, "RESOURCE_EXHAUSTED"], // no system resources
  [0x800705b4, "UNAVAILABLE"], // timed out
  [0x800706ba, "UNAVAILABLE"], // RPC server unavailable
  [0x800706be, "UNAVAILABLE"], // RPC call failed
  [0x8007139f, "FAILED_PRECONDITION"], // not in the right state
]);

/** How a kind of worker's errors are told apart: by number, else by the first part of FullyQualifiedErrorId. */
export interface FailureCodes {
  /** Who refuses, for people. */
  readonly who: string;
  readonly byHresult: ReadonlyMap<number, ErrorCode>;
  readonly byErrorId: ReadonlyMap<string, ErrorCode>;
}

/** What a worker answered instead of a result; the cause of the StatusError that crosses the edge. */
export class WorkerFailure extends Error {
  override readonly name = "WorkerFailure";
  readonly hresult: number;
  readonly errorId: string;
  /** True when no table knows what went wrong: nobody can say that trying again is in vain. */
  readonly isUnknown: boolean;

  constructor(error: WorkerError, code: ErrorCode | undefined) {
    super(error.message);
    this.hresult = error.hresult >>> 0;
    this.errorId = idOf(error);
    this.isUnknown = code === undefined;
  }
}

function idOf({ fullyQualifiedErrorId }: WorkerError): string {
  return fullyQualifiedErrorId.split(",", 1)[0] ?? "";
}

/** A worker's error as it crosses the edge. */
export function failureStatus(
  { who, byHresult, byErrorId }: FailureCodes,
  op: string,
  error: WorkerError,
): StatusError {
  const code = byHresult.get(error.hresult >>> 0) ?? byErrorId.get(idOf(error));
  const failure = new WorkerFailure(error, code);
  const number = `0x${failure.hresult.toString(16).padStart(8, "0")}`;
  const text = error.message.trim().slice(0, 600);
  return new StatusError(
    code ?? "INTERNAL",
    `${who} refused ${op}: ${text} (${number} ${failure.errorId})`,
    failure,
  );
}

/** What a worker answered, behind an error of ours. */
export function failureBehind(thrown: unknown): WorkerFailure | undefined {
  return thrown instanceof StatusError && thrown.cause instanceof WorkerFailure ? thrown.cause : undefined;
}
