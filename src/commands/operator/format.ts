import { Option } from "commander";
import { print, printJson } from "../terminal/output.ts";
import { formatTable } from "../terminal/table.ts";
import { toYaml } from "../terminal/yaml.ts";

const formats = ["table", "wide", "json", "yaml"] as const;
export type Format = (typeof formats)[number];

export interface FormatOptions {
  readonly output: Format;
}

export function formatOption(): Option {
  return new Option("-o, --output <format>", "how to print").choices(formats).default("table");
}

/** True for what a program reads. */
export function isForPrograms(format: Format): boolean {
  return format === "json" || format === "yaml";
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
  if (isForPrograms(format)) await printDocument(format, items);
  else await print(tableOf(format, items, columns));
}

/** Prints one thing: as a table of one row, or all there is. */
export async function printItem<T>(format: Format, item: T, columns: readonly Column<T>[]): Promise<void> {
  if (isForPrograms(format)) await printDocument(format, item);
  else await print(tableOf(format, [item], columns));
}

/** Prints data in one of the formats for programs. */
export async function printDocument(format: Format, value: unknown): Promise<void> {
  if (format === "yaml") await print(toYaml(value));
  else await printJson(value);
}

function tableOf<T>(format: Format, items: readonly T[], columns: readonly Column<T>[]): string {
  const shown = columns.filter(({ wide }) => format === "wide" || wide === undefined);
  const rows = [
    shown.map(({ heading }) => heading),
    ...items.map((item) => shown.map(({ cell }) => cell(item))),
  ];
  const right = shown.flatMap(({ right: isRight }, index) => (isRight === true ? index : []));
  return formatTable(rows, right);
}
