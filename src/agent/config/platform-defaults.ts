import { posix, win32 } from "node:path";
import { isWindows, thisPlatform } from "../../kit/platform.ts";

/** Defaults that follow from the machine: Windows has Hyper-V, and its programs keep what is theirs in %ProgramData%. */
export function platformDefaults(
  platform: NodeJS.Platform = thisPlatform,
  programData = process.env["ProgramData"],
): { readonly host: "local" | "hyperv"; readonly stateDirectory: string } {
  return isWindows(platform)
    ? { host: "hyperv", stateDirectory: win32.join(programData ?? "C:\\ProgramData", "hyperv-csi") }
    : { host: "local", stateDirectory: posix.join("/var/lib", "hyperv-csi") };
}
