import { printable } from "./printable.ts";

/** Digits of the largest disk's size: the width of columns when the rows to come are not known. */
const BYTES_WIDTH = 14;

/** Rows of cells in aligned columns; the first row is the heading. `rightAligned` names columns, from 0. */
export function formatTable(
  rows: readonly (readonly string[])[],
  rightAligned: readonly number[] = [],
): string {
  const clean = rows.map((row) => row.map(printable));
  const widths = (clean[0] ?? []).map((_, column) =>
    clean.reduce((widest, row) => Math.max(widest, (row[column] ?? "").length), 0),
  );
  const lines = clean.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return rightAligned.includes(column) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join("  ")
      .trimEnd(),
  );
  return lines.map((line) => `${line}\n`).join("");
}

/** Names and values, one a line. */
export function formatFields(fields: readonly (readonly [string, string])[]): string {
  return formatTable(fields.map(([name, value]) => [`${name}:`, value]));
}

/** A row of a table that is printed while it comes: numbers of bytes, or the heading over them. */
export function formatRow(cells: readonly (bigint | number | string)[]): string {
  return cells.map((cell) => `${cell}`.padStart(BYTES_WIDTH)).join("  ");
}
