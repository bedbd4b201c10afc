/** Sizes are JSON numbers: no file or disk reaches 2^53 bytes. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? Number(part) : part), 2);
}

/** Prints one JSON document. */
export function printJson(value: unknown): void {
  process.stdout.write(`${toJson(value)}\n`);
}

/** Prints items as one JSON array while they come, each on a line of its own. */
export async function printJsonArray(items: AsyncIterable<unknown>): Promise<void> {
  let separator = "[";
  for await (const item of items) {
    await write(`${separator}\n${toJson(item).replaceAll(/\n\s*/g, " ")}`);
    separator = ",";
  }
  await write(separator === "[" ? "[]\n" : "\n]\n");
}

/** Waits while the reader is slow, so that nothing piles up in memory. */
export async function write(text: string): Promise<void> {
  if (process.stdout.write(text)) return;
  await new Promise<void>((resolve) => process.stdout.once("drain", resolve));
}
