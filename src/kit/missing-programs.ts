import { accessSync, constants } from "node:fs";
import { join } from "node:path";

/** Those of the programs that are not on a search path, nor where they are for root alone. */
export function missingPrograms(programs: readonly string[], searchPath: string): string[] {
  const directories = [...searchPath.split(":"), "/usr/sbin", "/sbin"];
  return programs.filter((program) => !directories.some((each) => isExecutable(join(each, program))));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
