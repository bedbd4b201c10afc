import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { parameterTable } from "../../src/controller/parameter-table.ts";

describe("reference of StorageClass parameters", () => {
  it("has the table that is checked", async () => {
    const page = await readFile(
      new URL("../../docs/reference/storage-class-parameters.md", import.meta.url),
      "utf8",
    );
    const rows = page.split("\n").filter((line) => line.startsWith("| `"));
    const cells = rows.map((row) =>
      row
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll("\\|", "|")),
    );
    const expected = Object.entries(parameterTable).map(([name, { values, meaning }]) => [
      `\`${name}\``,
      values,
      meaning,
    ]);
    expect(cells).to.deep.equal(expected);
  });
});
