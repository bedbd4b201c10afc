import { linuxFileSystem } from "./linux.ts";
import { nativeLibraries } from "../../kit/native.ts";
import { isLinux, isWindows } from "../../kit/platform.ts";
import { plainFileSystem } from "./plain.ts";
import type { FileSystem } from "./port.ts";
import { windowsFileSystem } from "./windows.ts";

/** What this machine can do, decided once. */
export const fileSystem: FileSystem = chooseFileSystem();

function chooseFileSystem(): FileSystem {
  const native = nativeLibraries();
  if (native === undefined) return plainFileSystem;
  if (isLinux()) return linuxFileSystem(native);
  if (isWindows()) return windowsFileSystem(native);
  return plainFileSystem;
}
