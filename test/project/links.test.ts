import { access, readdir, readFile } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import { expect } from "chai";

const project = join(import.meta.dirname, "../..");
const docs = join(project, "docs");

async function pages(): Promise<string[]> {
  const found = (await readdir(docs, { recursive: true })).filter((name) => name.endsWith(".md"));
  return ["README.md", "CONTRIBUTING.md", ...found.map((name) => join("docs", name))];
}

/** Places that a page links to, without those of other sites. */
async function linksOf(
  page: string,
): Promise<{ readonly path: string; readonly anchor: string | undefined }[]> {
  const text = (await readFile(join(project, page), "utf8")).replaceAll(/^```[\s\S]*?^```$/gm, "");
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = ""]) => {
    if (/^\w+:/.test(target)) return [];
    const [path = "", anchor] = target.split("#");
    return [{ path: path === "" ? page : normalize(join(dirname(page), path)), anchor }];
  });
}

/** Headings as links name them. */
async function anchorsIn(page: string): Promise<string[]> {
  const text = await readFile(join(project, page), "utf8");
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, "")
      .replaceAll(" ", "-"),
  );
}

describe("links of the documentation", () => {
  it("lead to files and headings that there are", async () => {
    for (const page of await pages()) {
      for (const { path, anchor } of await linksOf(page)) {
        await access(join(project, path)).catch(() => expect.fail(`${page} links to ${path}`));
        if (anchor !== undefined)
          expect(await anchorsIn(path), `${page} links to ${path}`).to.include(anchor);
      }
    }
  });
});
