import { open, readFile, stat } from "node:fs/promises";
import { isNotFound, StatusError } from "../../../kit/errors.ts";
import { rename } from "../../../kit/rename.ts";
import { type AnyRecord, formatRecord, MAX_RECORD_BYTES, parseRecord } from "./record.ts";

/** Reads a record of one kind; undefined when there is none, "damaged" for a file that is not one. */
export async function readRecord<K extends AnyRecord["kind"]>(
  path: string,
  kind: K,
): Promise<Extract<AnyRecord, { kind: K }> | "damaged" | undefined> {
  let text: string;
  try {
    if ((await stat(path)).size > MAX_RECORD_BYTES) return "damaged";
    text = await readFile(path, "utf8");
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
  const record = parseRecord(text);
  return isOfKind(record, kind) ? record : "damaged";
}

function isOfKind<K extends AnyRecord["kind"]>(
  record: AnyRecord | undefined,
  kind: K,
): record is Extract<AnyRecord, { kind: K }> {
  return record?.kind === kind;
}

/**
 * Writes a record's content durably, under a name that nobody looks for; its place is a rename away.
 * @throws StatusError INVALID_ARGUMENT for one that would not be read again
 */
export async function writeRecord(path: string, record: AnyRecord): Promise<void> {
  const text = formatRecord(record);
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_RECORD_BYTES) {
    throw new StatusError(
      "INVALID_ARGUMENT",
      `what is to be recorded of ${record.kind} ${record.name} takes ${bytes} bytes, more than ${MAX_RECORD_BYTES}`,
    );
  }
  const file = await open(path, "w", 0o600);
  try {
    await file.writeFile(text);
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** Replaces a record in its place; durable when the directory of `path` is flushed. */
export async function replaceRecord(temporary: string, path: string, record: AnyRecord): Promise<void> {
  await writeRecord(temporary, record);
  await rename(temporary, path);
}
