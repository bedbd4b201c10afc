import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { eventReasons, type Reason } from "../../src/controller/kubernetes/events/reasons.ts";
import { tableRows } from "../support/table-rows.ts";

describe("the page of Events", () => {
  it("has each reason in the order of its table, with its type, its objects, when and cure", async () => {
    const page = await readFile(new URL("../../docs/reference/events.md", import.meta.url), "utf8");
    const rows = tableRows(page);
    const expected = Object.entries<Reason>(eventReasons).map(([reason, { type, on }]) => [
      `\`${reason}\``,
      `\`${type}\``,
      on.map((kind) => `\`${kind}\``).join(", "),
    ]);
    expect(rows.map((row) => row.slice(0, 3))).to.deep.equal(expected);
    for (const row of rows) {
      expect(row, row[0]).to.have.lengthOf(5);
      for (const cell of row) expect(cell, row[0]).not.to.equal("");
    }
  });

  it("has reasons and actions that the API takes, and texts that leave room for what was found", () => {
    for (const [reason, { action, next }] of Object.entries<Reason>(eventReasons)) {
      expect(reason).to.match(/^[A-Z][A-Za-z]{1,127}$/);
      expect(action).to.match(/^[A-Z][A-Za-z]{1,127}$/);
      expect(next.length, reason).to.be.below(200);
    }
  });
});
