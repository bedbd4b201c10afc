import { Option } from "commander";
import { stringify } from "yaml";
import { print, printJson } from "../terminal/output.ts";
import { formatTable } from "../terminal/table.ts";

export const formats = ["table", "wide", "json", "yaml"] as const;
export type Format = (typeof formats)[number];

export interface FormatOptions {
  readonly output: Format;
}

export function formatOption(): Option {
  return new Option("-o, --output <format>", "how to print").choices(formats).default("table");
}

/** A column of a table. */
export interface Column<T> {
  readonly heading: string;
  readonly cell: (item: T) => string;
  /** Only with `-o wide`. */
  readonly wide?: true;
  /** For numbers. */
  readonly right?: true;
}

/** Prints a list: a table for people, or all there is for programs. */
export async function printList<T>(
  format: Format,
  items: readonly T[],
  columns: readonly Column<T>[],
): Promise<void> {
  if (format === "json") {
    await printJson(items);
    return;
  }
  if (format === "yaml") {
    await print(stringify(items));
    return;
  }
  const shown = columns.filter(({ wide }) => format === "wide" || wide === undefined);
  const rows = [
    shown.map(({ heading }) => heading),
    ...items.map((item) => shown.map(({ cell }) => cell(item))),
  ];
  const right = shown.flatMap(({ right: isRight }, index) => (isRight === true ? index : []));
  await print(formatTable(rows, right));
}

/** Prints one thing: as a table of one row, or all there is. */
export async function printItem<T>(format: Format, item: T, columns: readonly Column<T>[]): Promise<void> {
  if (format === "json") {
    await printJson(item);
    return;
  }
  if (format === "yaml") {
    await print(stringify(item));
    return;
  }
  await printList(format, [item], columns);
}

/** `3 h`, as kubectl shows ages. */
export function ageText(time: string): string {
  const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(time)) / 1000));
  for (const [unit, length] of [
    ["d", 86_400],
    ["h", 3600],
    ["m", 60],
  ] as const) {
    if (seconds >= 2 * length) return `${Math.floor(seconds / length)}${unit}`;
  }
  return `${seconds}s`;
}

/** `a=b,c=d`, or a dash. */
export function pairsText(pairs: Readonly<Record<string, string>>): string {
  const texts = Object.entries(pairs).map(([key, value]) => `${key}=${value}`);
  return texts.length === 0 ? "-" : texts.join(",");
}
