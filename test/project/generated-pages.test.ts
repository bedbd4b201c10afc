import { expect } from "chai";
import { valueRows } from "../../scripts/generate/chart-values.ts";
import { markdownTable } from "../../scripts/generate/markdown.ts";
import { isStale, pages, pageText } from "../../scripts/generate/pages.ts";

describe("pages that are made from code", () => {
  for (const page of pages) {
    it(`${page.path.split("/").at(-1)} is what the code says; npm run generate makes it anew`, async () => {
      expect(await isStale(page)).to.equal(false);
    });
  }

  it("are stale when they say anything else, and when they are missing", async () => {
    const [page] = pages;
    const other = { ...page, make: async () => `${await page.make()}\nmore\n` };
    expect(await isStale(other)).to.equal(true);
    expect(await isStale({ ...page, path: `${page.path}.missing` })).to.equal(true);
  });

  it("are formatted as Markdown is here", async () => {
    const page = {
      path: pages[0].path,
      make: () => Promise.resolve(markdownTable(["a", "b"], [["long", "c"]])),
    };
    expect(await pageText(page)).to.equal("| a    | b   |\n| ---- | --- |\n| long | c   |\n");
  });

  it("keep a | of a cell in its cell", () => {
    expect(markdownTable(["a"], [["x | y"]])).to.equal("| a |\n| --- |\n| x \\| y |\n");
  });
});

describe("the rows of the chart's values", () => {
  const schema = (properties: object) => JSON.stringify({ type: "object", properties });

  it("have the comment before a name, the first of a map too, and not what stands before that", () => {
    const values = `
# about the file

# -- First
# of two lines.
a: 1
#  - an: example

# -- Second.
b:
  # -- Inner.
  c: [x]
  # no description
  resources: {}
`;
    const properties = {
      a: { type: "integer" },
      b: {
        type: "object",
        properties: { c: { type: "array", items: { type: "string" } }, resources: { type: "object" } },
      },
    };
    expect(valueRows(values, schema(properties))).to.deep.equal([
      ["`a`", "integer", "`1`", "First of two lines."],
      ["`b.c`", "list of string", '`["x"]`', "Inner."],
      ["`b.resources`", "object", "`{}`", "Requests and limits of its container."],
    ]);
  });

  it("tell every kind of type that the schema has", () => {
    const properties = {
      one: { enum: ["x", "y"] },
      two: { anyOf: [{ const: "" }, { type: "string" }] },
      three: { type: ["integer", "string"] },
      four: {
        type: "array",
        items: { type: "object", properties: { url: {}, group: {} }, required: ["url"] },
      },
    };
    const values = Object.keys(properties).map((name) => `# -- It.\n${name}: []\n`);
    const types = valueRows(values.join(""), schema(properties)).map(([, type]) => type);
    expect(types).to.deep.equal([
      "`x`, `y`",
      '`""` or string',
      "integer or string",
      "list of `url` (and `group`)",
    ]);
  });

  it("refuse a value that nothing says what it is, and one that the schema does not have", () => {
    expect(() => valueRows("odd: 1\n", schema({ odd: { type: "integer" } }))).to.throw(
      /does not say what odd is/,
    );
    expect(() => valueRows("# -- It.\nodd: 1\n", schema({}))).to.throw(/schema\.json has no odd/);
    expect(() => valueRows("[]\n", schema({}))).to.throw(/no map/);
  });
});
