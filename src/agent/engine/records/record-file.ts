import { open, readFile, stat } from "node:fs/promises";
import { isNotFound } from "../../../kit/errors.ts";
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

/** Writes a record's content durably, under a name that nobody looks for; its place is a rename away. */
export async function writeRecord(path: string, record: AnyRecord): Promise<void> {
  const file = await open(path, "w", 0o600);
  try {
    await file.writeFile(formatRecord(record));
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
