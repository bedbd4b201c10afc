// Never run by the tests, which know no Windows; only the decisions in file-attributes.ts are tested.
import { refuseAttributes } from "./file-attributes.ts";
import type { FileSystem } from "./port.ts";
import type { Native } from "../../kit/native.ts";
import { plainFileSystem } from "./plain.ts";
import { windowsBlockClone } from "./windows-block-clone.ts";

const INVALID_FILE_ATTRIBUTES = 0xffffffff;

/** NTFS and ReFS. Files are never sparse here, so there are no holes to tell or to make. */
export function windowsFileSystem(native: Native): FileSystem {
  const kernel = native.load("kernel32.dll");
  const getFileAttributes = kernel.func("uint32_t __stdcall GetFileAttributesW(str16 path)");
  return {
    ...plainFileSystem,
    cloneFile: windowsBlockClone(native),
    refuseUnfit(path) {
      const attributes = getFileAttributes(path) as number;
      if (attributes !== INVALID_FILE_ATTRIBUTES) refuseAttributes(attributes);
    },
  };
}
