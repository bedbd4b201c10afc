// Never run by the tests, which know no Windows; duplicateExtentsRequest is tested.
import { statSync } from "node:fs";
import { rm } from "node:fs/promises";
import type { Native } from "../../kit/native.ts";

/** <winnt.h>, <fileapi.h>, <winioctl.h>. */
const GENERIC_READ = 0x80000000;
const GENERIC_WRITE = 0x40000000;
const FILE_SHARE_READ = 1;
const CREATE_NEW = 1;
const OPEN_EXISTING = 3;
const INVALID_HANDLE = -1n;
const FSCTL_DUPLICATE_EXTENTS_TO_FILE = 0x98344;
/** One call takes less than 4 GiB; ReFS has clusters of 4 or 64 KiB. */
const MOST_AT_ONCE = 2n ** 30n;
const CLUSTER = 65536n;

/** DUPLICATE_EXTENTS_DATA for the same place in both files. [MS-FSCC] 2.3.7. */
export function duplicateExtentsRequest(source: bigint, offset: bigint, length: bigint): Buffer {
  const request = Buffer.alloc(32);
  request.writeBigInt64LE(source, 0);
  request.writeBigInt64LE(offset, 8);
  request.writeBigInt64LE(offset, 16);
  request.writeBigInt64LE(length, 24);
  return request;
}

/** Makes the new file `to` share all of `from`'s clusters on ReFS; false, and no file there, where that can't be done. */
export function windowsBlockClone(native: Native): (from: string, to: string) => Promise<boolean> {
  const kernel = native.load("kernel32.dll");
  const createFile = kernel.func(
    "intptr_t __stdcall CreateFileW(str16 name, uint32_t access, uint32_t share, void *security, uint32_t disposition, uint32_t flags, intptr_t template)",
  );
  const setPointer = kernel.func(
    "int __stdcall SetFilePointerEx(intptr_t file, int64_t distance, void *position, uint32_t method)",
  );
  const setEnd = kernel.func("int __stdcall SetEndOfFile(intptr_t file)");
  const control = kernel.func(
    "int __stdcall DeviceIoControl(intptr_t device, uint32_t code, void *input, uint32_t inputSize, void *output, uint32_t outputSize, _Out_ uint32_t *returned, void *overlapped)",
  );
  const close = kernel.func("int __stdcall CloseHandle(intptr_t handle)");
  const openFile = (path: string, access: number, share: number, disposition: number) =>
    BigInt(createFile(path, access, share, null, disposition, 0, 0) as number | bigint);

  return async (from, to) => {
    const size = statSync(from, { bigint: true }).size;
    const source = openFile(from, GENERIC_READ, FILE_SHARE_READ, OPEN_EXISTING);
    if (source === INVALID_HANDLE) return false;
    const target = openFile(to, GENERIC_READ + GENERIC_WRITE, 0, CREATE_NEW);
    let isDone = target !== INVALID_HANDLE;
    isDone &&= setPointer(target, size, null, 0) !== 0 && setEnd(target) !== 0;
    const end = ((size + CLUSTER - 1n) / CLUSTER) * CLUSTER;
    for (let offset = 0n; isDone && offset < end; offset += MOST_AT_ONCE) {
      const length = end - offset < MOST_AT_ONCE ? end - offset : MOST_AT_ONCE;
      const request = duplicateExtentsRequest(source, offset, length);
      isDone =
        control(target, FSCTL_DUPLICATE_EXTENTS_TO_FILE, request, request.length, null, 0, [0], null) !== 0;
    }
    close(source);
    if (target !== INVALID_HANDLE) close(target);
    if (!isDone && target !== INVALID_HANDLE) await rm(to, { force: true });
    return isDone;
  };
}
