import { readFile } from "node:fs/promises";
import { LineCounter, parseDocument } from "yaml";
import { StatusError } from "./errors.ts";

/** A text file that was named in an option or a configuration. @throws StatusError INVALID_ARGUMENT with its path */
export async function readTextFile(path: string): Promise<string> {
  return await readFile(path, "utf8").catch((error: unknown) => {
    throw new StatusError(
      "INVALID_ARGUMENT",
      `${path} can't be read: ${StatusError.from(error).message}`,
      error,
    );
  });
}

/** A YAML (or JSON) file as plain data, not yet checked. @throws StatusError INVALID_ARGUMENT with path and line */
export async function readConfigFile(path: string): Promise<unknown> {
  const lineCounter = new LineCounter();
  const document = parseDocument(await readTextFile(path), { lineCounter, prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line } = lineCounter.linePos(error.pos[0]);
    throw new StatusError("INVALID_ARGUMENT", `${path}:${line}: ${error.message}`, error);
  }
  try {
    return document.toJS();
  } catch (bomb) {
    // A few lines of aliases can stand for gigabytes; the library counts them.
    throw new StatusError("INVALID_ARGUMENT", `${path}: ${StatusError.from(bomb).message}`, bomb);
  }
}

/** True for a mapping. */
export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
