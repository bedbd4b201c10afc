import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { parameterTable } from "../../src/controller/parameter-table.ts";
import { tableRows } from "../support/table-rows.ts";

describe("reference of StorageClass parameters", () => {
  it("has the table that is checked", async () => {
    const page = await readFile(
      new URL("../../docs/reference/storage-class-parameters.md", import.meta.url),
      "utf8",
    );
    const cells = tableRows(page);
    const expected = Object.entries(parameterTable).map(([name, { values, meaning }]) => [
      `\`${name}\``,
      values,
      meaning,
    ]);
    expect(cells).to.deep.equal(expected);
  });
});
