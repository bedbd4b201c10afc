import { linuxFileSystem } from "./linux.ts";
import { nativeLibraries } from "../../kit/native.ts";
import { plainFileSystem } from "./plain.ts";
import type { FileSystem } from "./port.ts";
import { windowsFileSystem } from "./windows.ts";

/** What this machine can do, decided once. */
export const fileSystem: FileSystem = chooseFileSystem();

function chooseFileSystem(): FileSystem {
  const native = nativeLibraries();
  if (native === undefined) return plainFileSystem;
  if (process.platform === "linux") return linuxFileSystem(native);
  if (process.platform === "win32") return windowsFileSystem(native);
  return plainFileSystem;
}
