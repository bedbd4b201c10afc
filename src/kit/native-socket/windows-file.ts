// Never run by the tests, which know no Windows; only what a found file is taken for is tested.
import type { Native } from "../native.ts";
import type { Occupant } from "./what-is-at.ts";

/** WIN32_FIND_DATAW of <minwinbase.h>: its size, and where the attributes and the tag of a reparse point are. */
const FIND_DATA = 592;
const ATTRIBUTES = 0;
const TAG = 36;
/** <winnt.h> */
const FILE_ATTRIBUTE_REPARSE_POINT = 0x400;
const IO_REPARSE_TAG_AF_UNIX = 0x80000023;
/** <winerror.h> */
const ERROR_FILE_NOT_FOUND = 2;
const ERROR_PATH_NOT_FOUND = 3;

/** Sockets are reparse points on Windows, and Node's `stat` fails on them: so their directory is asked. */
export function windowsWhatIsAt(native: Native): (path: string) => Promise<Occupant> {
  const kernel = native.load("kernel32.dll");
  const findFirst = kernel.func("intptr_t __stdcall FindFirstFileW(str16 name, void *data)");
  const findClose = kernel.func("int __stdcall FindClose(intptr_t found)");
  const lastError = kernel.func("uint32_t __stdcall GetLastError()");
  return (path) => {
    const data = Buffer.alloc(FIND_DATA);
    const found = findFirst(path, data) as number;
    if (found === -1) {
      const error = lastError() as number;
      if (error === ERROR_FILE_NOT_FOUND || error === ERROR_PATH_NOT_FOUND) return Promise.resolve("nothing");
      return Promise.reject(new Error(`${path} can't be looked at: Windows error ${error}`));
    }
    findClose(found);
    return Promise.resolve(foundOnWindows(data));
  };
}

/** What a WIN32_FIND_DATAW tells. */
export function foundOnWindows(data: Buffer): Occupant {
  const isReparsePoint = (data.readUInt32LE(ATTRIBUTES) & FILE_ATTRIBUTE_REPARSE_POINT) !== 0;
  return isReparsePoint && data.readUInt32LE(TAG) === IO_REPARSE_TAG_AF_UNIX ? "socket" : "something else";
}
