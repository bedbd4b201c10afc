import { writeFile } from "node:fs/promises";
import { hasErrno } from "./errors.ts";

/** Writes a file that only its owner can read, unless it is there already. */
export async function writeSecretFile(path: string, content: string): Promise<void> {
  try {
    await writeFile(path, content, { flag: "wx", mode: 0o600 });
  } catch (error) {
    if (!hasErrno(error, "EEXIST")) throw error;
  }
}
