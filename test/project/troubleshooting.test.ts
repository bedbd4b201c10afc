import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { tableRows } from "../support/table-rows.ts";
import { textsIn } from "../support/texts-in-source.ts";

const project = join(import.meta.dirname, "../..");

/** The cells of the rows of the page's tables, without heads. */
async function rows(): Promise<string[][]> {
  return tableRows(await readFile(join(project, "docs/guides/troubleshooting.md"), "utf8"));
}

/** True when a text of the program is what a page quotes; `…` of the page stands for one value, or the rest of it. */
function says(text: string, quoted: string): boolean {
  const parts = quoted.split("…").map((part) => part.replaceAll(/[$()*+.?[\\\]^{|}]/g, "\\$&"));
  return new RegExp(parts.join(".*")).test(text);
}

describe("the guide to troubleshooting", () => {
  let texts: string[];
  before(async () => {
    texts = await textsIn(join(project, "src"));
  });

  it("quotes only what the program says", async () => {
    const table = await rows();
    expect(table.length).to.be.greaterThan(50);
    for (const [message = ""] of table) {
      const quoted = message.replaceAll("`", "");
      expect(
        texts.some((text) => says(text, quoted)),
        `src says: ${quoted}`,
      ).to.equal(true);
    }
  });

  it("says of each message where it comes from and what helps", async () => {
    for (const row of await rows()) {
      expect(row, row[0]).to.have.lengthOf(3);
      for (const cell of row) expect(cell, row[0]).not.to.equal("");
    }
  });

  it("quotes no message twice", async () => {
    const messages = (await rows()).map(([message]) => message);
    expect(messages.filter((message, index) => messages.indexOf(message) !== index)).to.deep.equal([]);
  });

  it("would notice a message that was changed", () => {
    const isSaid = (quoted: string) => texts.some((text) => says(text, quoted));
    expect(isSaid("volume … is attached to VM …; detach it there first")).to.equal(true);
    expect(isSaid("volume … is attached to node …; detach it there first")).to.equal(false);
    expect(isSaid("volume … is detached from VM …; detach it there first")).to.equal(false);
  });
});
