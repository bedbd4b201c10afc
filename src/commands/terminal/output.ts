import { hasErrno } from "../../kit/errors.ts";
import { toJson } from "./json.ts";
import { printable } from "./printable.ts";

/** Lines are written in bundles of about so many characters. */
const BUNDLE = 1 << 15;

/** Waits until standard output has taken the text; rejects when it can't. */
export async function print(text: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    process.stdout.write(text, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

/** Prints a sentence for a person. */
export function say(text: string): Promise<void> {
  return print(`${printable(text)}\n`);
}

/** Prints one JSON document. */
export function printJson(value: unknown): Promise<void> {
  return print(`${toJson(value)}\n`);
}

/**
 * Prints lines as they come. A slow reader slows down where they come from, so that nothing piles up in memory; on a
 * terminal each shows at once.
 */
export async function printLines(lines: AsyncIterable<string>): Promise<void> {
  const limit = process.stdout.isTTY ? 0 : BUNDLE;
  let bundle = "";
  for await (const line of lines) {
    bundle += `${line}\n`;
    if (bundle.length <= limit) continue;
    await print(bundle);
    bundle = "";
  }
  if (bundle !== "") await print(bundle);
}

/** The lines of one JSON array with an item on each. */
export async function* jsonArray(items: AsyncIterable<unknown>): AsyncGenerator<string, void, undefined> {
  let start = "[";
  for await (const item of items) {
    yield `${start}${toJson(item, 0)}`;
    start = ",";
  }
  yield start === "[" ? "[]" : "]";
}

/** True when what was thrown says that nobody reads standard output any more. */
export function isReaderGone(thrown: unknown): boolean {
  return hasErrno(thrown, "EPIPE");
}
