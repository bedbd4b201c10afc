import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { ESLint, Linter } from "eslint";

const project = join(import.meta.dirname, "../..");
const RULES = ["no-restricted-properties", "no-restricted-syntax", "no-restricted-imports"];

/** What the project's rules about platforms say of a text in the place of a file. */
async function complaints(file: string, text: string): Promise<string[]> {
  const eslint = new ESLint({ cwd: project });
  const { rules } = (await eslint.calculateConfigForFile(join(project, file))) as Linter.Config;
  const ours = Object.fromEntries(RULES.map((name) => [name, rules?.[name] ?? "off"]));
  return new Linter().verify(text, { rules: ours }).map(({ message }) => message);
}

describe("what this program runs on", () => {
  for (const text of [
    "export const here = process.platform;",
    'export const here = process["platform"];',
    "const { platform } = process; export default platform;",
    'export default (platform) => platform === "win32";',
    'export default (platform) => "linux" !== platform;',
    'import { platform } from "node:os"; export default platform();',
  ]) {
    it(`is asked in one place alone: ${text}`, async () => {
      expect(await complaints("src/kit/rename.ts", text)).to.have.lengthOf(1);
    });
  }

  it("may be told in that place", async () => {
    const text = await readFile(join(project, "src/kit/platform.ts"), "utf8");
    expect(text).to.contain("process.platform");
    const plain = "export const here = process.platform;";
    expect(await complaints("src/kit/platform.ts", plain)).to.deep.equal([]);
  });

  it("is asked nowhere else in the sources", async () => {
    const names = (await readdir(join(project, "src"), { recursive: true })).filter((name) =>
      name.endsWith(".ts"),
    );
    const asking = [];
    for (const name of names) {
      if (/process\.platform|["']win32["']/.test(await readFile(join(project, "src", name), "utf8")))
        asking.push(name);
    }
    expect(asking).to.deep.equal([join("kit", "platform.ts")]);
  });
});
