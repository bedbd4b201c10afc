import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { importProblems } from "../../scripts/check-imports.ts";

/** A forbidden import: the file to plant, what it imports, and the rule that must refuse it. */
const forbidden = [
  ["src/kit/planted.ts", "src/vhdx/victim.ts", "kit-is-lowest"],
  ["src/vhdx/planted.ts", "src/csi/victim.ts", "vhdx-stands-alone"],
  ["src/controller/planted.ts", "src/node/victim.ts", "controller-stays-apart"],
  ["src/node/planted.ts", "src/agent/victim.ts", "node-stays-apart"],
  ["src/agent/engine/planted.ts", "src/agent/rest/victim.ts", "engine-knows-no-rest"],
  ["src/agent/hosts/planted.ts", "src/agent/engine/victim.ts", "hosts-know-no-engine"],
] as const;

describe("import directions", () => {
  let root: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "hyperv-csi-imports-"));
    for (const name of ["tsconfig.json", "package.json", "node_modules"]) {
      await symlink(join(import.meta.dirname, "../..", name), join(root, name));
    }
  });

  afterEach(() => rm(root, { recursive: true }));

  async function plant(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }

  for (const [file, target, rule] of forbidden) {
    it(`refuses ${file} importing ${target}`, async () => {
      await plant(target, "export const victim = 1;\n");
      await plant(
        file,
        `export { victim } from "/${target}";\n`.replace(
          '"/',
          `"${"../".repeat(file.split("/").length - 1)}`,
        ),
      );
      const problems = await importProblems(root);
      expect(problems.join()).to.contain(rule);
    });
  }
});
