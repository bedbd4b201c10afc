import { type ErrorCode, StatusError } from "../../../../kit/errors.ts";
import type { Operation, WorkerError } from "../protocol.ts";

/**
 * What HRESULTs mean for a volume ([MS-ERREF] 2.1.1; 0x8007xxxx are Win32 codes). The text of an error is never looked
 * at: Windows speaks the administrator's language.
 */
const byHresult: ReadonlyMap<number, ErrorCode> = new Map<number, ErrorCode>([
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
  [0x80071397, "ABORTED"], // the cluster node does not own the resource any more
  [0x80071398, "ABORTED"], // nor the group
  [0xc03a0014, "FAILED_PRECONDITION"], // the virtual disk's chain is corrupted
  [0xc03a001a, "INVALID_ARGUMENT"], // the virtual disk's file system or storage does not support it
]);

/** The first part of FullyQualifiedErrorId: what the Hyper-V module and the worker itself call an error. */
const byErrorId: ReadonlyMap<string, ErrorCode> = new Map<string, ErrorCode>([
  ["HypervCsi.VmNotHere", "ABORTED"],
  ["HypervCsi.CheckpointNotFound", "NOT_FOUND"],
  ["HypervCsi.ReadOnlyUnsupported", "FAILED_PRECONDITION"],
  ["HypervCsi.UnknownOperation", "UNIMPLEMENTED"],
  ["AccessDenied", "PERMISSION_DENIED"],
  ["ObjectNotFound", "NOT_FOUND"],
  ["ObjectInUse", "FAILED_PRECONDITION"],
  ["InvalidState", "FAILED_PRECONDITION"],
  ["OutOfMemory", "RESOURCE_EXHAUSTED"],
]);

/** Errors that say that a VM is on another machine of the cluster by now. */
const movedHresults: ReadonlySet<number> = new Set([0x80071397, 0x80071398]);

/** What a worker answered instead of a result; the cause of the StatusError that crosses the edge. */
export class WorkerFailure extends Error {
  override readonly name = "WorkerFailure";
  readonly hresult: number;
  readonly errorId: string;

  constructor({ hresult, fullyQualifiedErrorId, message }: WorkerError) {
    super(message);
    this.hresult = hresult >>> 0;
    this.errorId = fullyQualifiedErrorId.split(",", 1)[0] ?? "";
  }

  /** True when the table does not know what went wrong: nobody can say that trying again is in vain. */
  get isUnknown(): boolean {
    return codeOf(this) === undefined;
  }

  get hasMoved(): boolean {
    return this.errorId === "HypervCsi.VmNotHere" || movedHresults.has(this.hresult);
  }
}

function codeOf({ hresult, errorId }: WorkerFailure): ErrorCode | undefined {
  return byHresult.get(hresult) ?? byErrorId.get(errorId);
}

/** A worker's error as it crosses the edge. */
export function statusOf(op: Operation, error: WorkerError): StatusError {
  const failure = new WorkerFailure(error);
  const number = `0x${failure.hresult.toString(16).padStart(8, "0")}`;
  const text = error.message.trim().slice(0, 600);
  return new StatusError(
    codeOf(failure) ?? "INTERNAL",
    `Hyper-V refused ${op}: ${text} (${number} ${failure.errorId})`,
    failure,
  );
}

/** What a worker answered, behind an error of ours. */
export function failureBehind(thrown: unknown): WorkerFailure | undefined {
  return thrown instanceof StatusError && thrown.cause instanceof WorkerFailure ? thrown.cause : undefined;
}
