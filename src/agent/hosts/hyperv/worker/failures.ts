import type { ErrorCode } from "../../../../kit/errors.ts";
import { type FailureCodes, win32Results, type WorkerFailure } from "../../../../kit/worker/failure.ts";

/** What errors of Hyper-V mean for a volume. */
export const hypervFailures: FailureCodes = {
  who: "Hyper-V",
  byHresult: new Map<number, ErrorCode>([
    ...win32Results,
    [0x80071397, "ABORTED"], // the cluster node does not own the resource any more
    [0x80071398, "ABORTED"], // nor the group
    [0xc03a0014, "FAILED_PRECONDITION"], // the virtual disk's chain is corrupted
    [0xc03a001a, "INVALID_ARGUMENT"], // the virtual disk's file system or storage does not support it
  ]),
  // What the Hyper-V module and the worker itself call an error.
  byErrorId: new Map<string, ErrorCode>([
    ["HypervCsi.VmNotHere", "ABORTED"],
    ["HypervCsi.CheckpointNotFound", "NOT_FOUND"],
    ["HypervCsi.ReadOnlyUnsupported", "FAILED_PRECONDITION"],
    ["HypervCsi.UnknownOperation", "UNIMPLEMENTED"],
    ["AccessDenied", "PERMISSION_DENIED"],
    ["ObjectNotFound", "NOT_FOUND"],
    ["ObjectInUse", "FAILED_PRECONDITION"],
    ["InvalidState", "FAILED_PRECONDITION"],
    ["OutOfMemory", "RESOURCE_EXHAUSTED"],
  ]),
};

/** Errors that say that a VM is on another machine of the cluster by now. */
const movedHresults: ReadonlySet<number> = new Set([0x80071397, 0x80071398]);

/** True when a failure says that the VM is not where it was looked for. */
export function hasMoved(failure: WorkerFailure | undefined): boolean {
  return (
    failure !== undefined && (failure.errorId === "HypervCsi.VmNotHere" || movedHresults.has(failure.hresult))
  );
}
