import { printableJson } from "./printable.ts";

/** Sizes are JSON numbers, exact ones: below 2^53, or multiples of 1 MiB in what a file only claims. */
export function toJson(value: unknown, indent = 2): string {
  return printableJson(
    JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? Number(part) : part), indent),
  );
}
