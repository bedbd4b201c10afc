import type { ErrorCode } from "../../kit/errors.ts";
import { type FailureCodes, win32Results } from "../../kit/worker/failure.ts";

/**
 * What errors of Windows' storage mean. The ids of cmdlets begin with `StorageWMI` and the ReturnValue of the method that
 * failed (MSFT_StorageObject's methods in the Storage Management API).
 */
export const windowsFailures: FailureCodes = {
  who: "Windows",
  byHresult: new Map<number, ErrorCode>([
    ...win32Results,
    [0x8007000d, "FAILED_PRECONDITION"], // invalid data: the volume is damaged
    [0x80070013, "FAILED_PRECONDITION"], // the media is write-protected
    [0x80070017, "UNAVAILABLE"], // data error (cyclic redundancy check)
    [0x80070091, "FAILED_PRECONDITION"], // the directory is not empty
    [0x80070037, "UNAVAILABLE"], // the device is gone
    [0x8007045d, "UNAVAILABLE"], // I/O device error
    [0x8007048f, "UNAVAILABLE"], // the device is not connected
    [0x80070570, "FAILED_PRECONDITION"], // the file or directory is corrupted
  ]),
  byErrorId: new Map<string, ErrorCode>([
    ["HypervCsi.DiskChanged", "ABORTED"],
    ["HypervCsi.NotBlank", "FAILED_PRECONDITION"],
    ["HypervCsi.UnknownOperation", "UNIMPLEMENTED"],
    ["StorageWMI 5", "INVALID_ARGUMENT"], // invalid parameter
    ["StorageWMI 6", "FAILED_PRECONDITION"], // object is in use
    ["StorageWMI 40001", "PERMISSION_DENIED"], // access denied
    ["StorageWMI 40002", "RESOURCE_EXHAUSTED"], // not enough resources
    ["StorageWMI 41001", "FAILED_PRECONDITION"], // the disk has a partition table already
    ["StorageWMI 41002", "FAILED_PRECONDITION"], // the disk is read-only
    ["StorageWMI 41003", "UNAVAILABLE"], // the disk is offline
    ["StorageWMI 42002", "FAILED_PRECONDITION"], // the access path is already in use
    ["StorageWMI 42007", "FAILED_PRECONDITION"], // the access path is not valid
    ["StorageWMI 43001", "FAILED_PRECONDITION"], // a partition with an unknown file system is not resized
  ]),
};
