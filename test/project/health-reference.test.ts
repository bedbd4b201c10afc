import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { problemMeanings, UNKNOWN_PROBLEM } from "../../src/controller/get-volume-health.ts";
import { storageMeanings } from "../../src/node/storage-health.ts";
import { volumeMeanings } from "../../src/node/volume-health.ts";
import { tableRows } from "../support/table-rows.ts";

const PAGE = join(import.meta.dirname, "../../docs/reference/health.md");

/** Of the table under a heading the cells of each row, without the quotes of code around the first two. */
async function rowsUnder(heading: string): Promise<string[][]> {
  const [, section = ""] = (await readFile(PAGE, "utf8")).split(`## ${heading}\n`);
  const [own = ""] = section.split("\n## ");
  return tableRows(own);
}

describe("the page of health", () => {
  for (const [heading, meanings] of [
    ["A volume as its node sees it", Object.values(volumeMeanings)],
    ["A volume as its host sees it", [...Object.values(problemMeanings), UNKNOWN_PROBLEM]],
    ["A node's way to all volumes", Object.values(storageMeanings)],
  ] as const) {
    it(`has each reason of "${heading}", in the order of its table, with its status, cause and cure`, async () => {
      const rows = await rowsUnder(heading);
      const expected = meanings.map(([status, reason]) => [`\`${reason}\``, `\`${status}\``]);
      expect(rows.map((row) => row.slice(0, 2))).to.deep.equal(expected);
      for (const row of rows) {
        expect(row, row[0]).to.have.lengthOf(4);
        for (const cell of row) expect(cell, row[0]).not.to.equal("");
      }
    });
  }
});
