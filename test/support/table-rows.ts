/** The cells of the rows of a page's tables that begin with code: without heads. A `\|` is a bar in a cell. */
export function tableRows(page: string): string[][] {
  const rows = page.split("\n").filter((line) => line.startsWith("| `"));
  return rows.map((row) =>
    row
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll("\\|", "|")),
  );
}
