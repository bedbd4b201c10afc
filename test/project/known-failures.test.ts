import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect } from "chai";

const ROOT = join(import.meta.dirname, "../..");
const PAGE = "docs/reference/known-failures.md";

const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

const textOf = (path: string) => readFile(join(ROOT, path), "utf8");

/** A line of the tables: what went wrong elsewhere, what happens here, and what shows it. */
interface Row {
  readonly number: number;
  readonly cells: readonly string[];
  readonly tests: readonly { readonly file: string; readonly title: string }[];
  readonly headings: readonly { readonly page: string; readonly anchor: string }[];
}

async function rows(): Promise<Row[]> {
  const lines = (await textOf(PAGE)).split("\n").filter((line) => /^\|\s*\d+\s*\|/.test(line));
  return lines.map((line) => {
    const [number = "", ...cells] = line
      .slice(1, line.lastIndexOf("|"))
      .split("|")
      .map((cell) => cell.trim());
    const shown = cells[2] ?? "";
    const tests = [...shown.matchAll(/`(test\/[^`]+)`: "([^"]+)"/g)];
    const links = [...shown.matchAll(/\]\(([^)#]*)#([^)]+)\)/g)];
    return {
      number: Number(number),
      cells,
      tests: tests.map(([, file = "", title = ""]) => ({ file, title })),
      headings: links.map(([, file = "", anchor = ""]) => ({
        page: file === "" ? PAGE : join(dirname(PAGE), file),
        anchor,
      })),
    };
  });
}

/** Patterns of the titles of a file's tests; what a template fills in may be anything. */
async function titlesIn(file: string): Promise<RegExp[]> {
  const found = (await textOf(file)).matchAll(/\bit\(\s*(["'`])((?:(?!\1).)+)\1,/g);
  return [...found].flatMap(([, , title = ""]) => {
    const parts = title.split(/\$\{[^}]*\}/);
    // One that says little of its own would fit any title.
    if (parts.join("").length < 12) return [];
    return [new RegExp(`^${parts.map(escaped).join(".+")}$`)];
  });
}

function escaped(text: string): string {
  return text.replaceAll(/[$()*+.?[\\\]^{|}]/g, "\\$&");
}

/** Headings as they are named in links. */
async function anchorsIn(page: string): Promise<string[]> {
  return [...(await textOf(page)).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, "")
      .replaceAll(" ", "-"),
  );
}

describe("the page of known failures", () => {
  it("has each of the 51 once, in order, with what happens here and what shows it", async () => {
    const table = await rows();
    expect(table.map(({ number }) => number)).to.deep.equal(numbers(1, 51));
    for (const { number, cells, tests, headings } of table) {
      expect(cells, String(number)).to.have.lengthOf(3);
      for (const cell of cells) expect(cell, String(number)).not.to.equal("");
      expect(tests.length + headings.length, `what shows ${number}`).to.be.greaterThan(0);
    }
  });

  it("names a test of each that loses data, leaves volumes stuck, or fails in creating and expanding", async () => {
    const table = await rows();
    const tested = table.filter(({ tests }) => tests.length > 0).map(({ number }) => number);
    expect(tested).to.include.members([...numbers(1, 22), ...numbers(30, 34)]);
  });

  it("names tests that there are", async () => {
    for (const { number, tests } of await rows()) {
      for (const { file, title } of tests) {
        const titles = await titlesIn(file);
        expect(
          titles.some((pattern) => pattern.test(title)),
          `${number}: ${file} has a test "${title}"`,
        ).to.equal(true);
      }
    }
  });

  it("names headings that there are", async () => {
    for (const { number, headings } of await rows()) {
      for (const { page, anchor } of headings) {
        expect(await anchorsIn(page), `${number}: ${page}`).to.include(anchor);
      }
    }
  });
});
