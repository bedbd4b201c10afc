import { printable } from "./printable.ts";

/** Rows of cells in aligned columns; the first row is the heading. `rightAligned` names columns, from 0. */
export function formatTable(
  cells: readonly (readonly string[])[],
  rightAligned: readonly number[] = [],
): string {
  const rows = cells.map((row) => row.map(printable));
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          rightAligned.includes(column)
            ? cell.padStart(widths[column] ?? 0)
            : cell.padEnd(widths[column] ?? 0),
        )
        .join("  ")
        .trimEnd()
        .concat("\n"),
    )
    .join("");
}

/** Names and values, one a line. */
export function formatFields(fields: readonly (readonly [string, string])[]): string {
  return formatTable(fields.map(([name, value]) => [`${name}:`, value]));
}
