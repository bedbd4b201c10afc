import { win32 } from "node:path";
import { isWindows } from "../platform.ts";
import type { WorkerCommand } from "./process.ts";

/**
 * The worker that comes with the program: its script lies beside the bundle. Windows PowerShell 5.1 is on every Windows and
 * has the modules; it is started by its full path, so that nobody can put another program in its way. The
 * scripts are not signed, so this one process does without the machine's execution policy.
 * @param bundle the program that runs
 * @param script its file in the directory `powershell`
 * @param systemRoot Windows' own directory, as %SystemRoot% says
 * @returns undefined on other platforms
 */
export function ownWorker(
  platform: NodeJS.Platform,
  bundle: string,
  systemRoot: string | undefined,
  script: string,
): WorkerCommand | undefined {
  if (!isWindows(platform)) return undefined;
  const windows = systemRoot === undefined || systemRoot === "" ? "C:\\Windows" : systemRoot;
  return {
    program: win32.join(windows, "System32", "WindowsPowerShell", "v1.0", "powershell.exe"),
    args: [
      ...["-NoLogo", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass"],
      ...["-File", win32.join(win32.dirname(bundle), "powershell", script)],
    ],
  };
}
