import { VhdxError } from "../../vhdx/index.ts";

/** What to do about a fault, by the structure at fault. All others are damage. */
const hints: Readonly<Record<string, string>> = {
  "file identifier": "",
  file: "",
  "raw disk": "",
  "virtual disk size": "",
  "parent locator": "; when the parent is elsewhere, name its directory with --parent-dir",
};
const DAMAGE = `; "hyperv-csi vhdx check" lists all that is wrong`;

/** Lets a fault that `work` finds in a file say which file, and what to do next. Other errors pass through. */
export async function about<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof VhdxError)) throw error;
    throw new Error(`${file}: ${error.message}${hints[error.structure] ?? DAMAGE}`, { cause: error });
  }
}
