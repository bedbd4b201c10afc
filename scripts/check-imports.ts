import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";

interface Cruise {
  readonly modules: readonly { readonly source: string }[];
  readonly summary: {
    readonly violations: readonly {
      readonly from: string;
      readonly to: string;
      readonly rule: { readonly name: string };
    }[];
  };
}

const project = join(import.meta.dirname, "..");

/**
 * What is wrong with the imports under `<root>/src`: a line each. The rules are the project's. A cruise that saw
 * fewer files than there are has proven nothing, and is wrong too.
 */
export async function importProblems(root: string): Promise<string[]> {
  const config = join(project, ".dependency-cruiser.js");
  const { stdout } = await execa(
    join(project, "node_modules/.bin/depcruise"),
    ["--config", config, "--output-type", "json", "src"],
    { cwd: root, reject: false, maxBuffer: 256 * 1024 * 1024 },
  );
  const { modules, summary } = JSON.parse(stdout) as Cruise;
  const seen = new Set(modules.map(({ source }) => source));
  const files = (await readdir(join(root, "src"), { recursive: true })).filter((name) =>
    name.endsWith(".ts"),
  );
  const unseen = files.map((name) => join("src", name)).filter((name) => !seen.has(name));
  return [
    ...summary.violations.map(({ from, to, rule }) => `${from} → ${to}: ${rule.name}`),
    ...unseen.map((name) => `${name} was not seen by the check`),
  ];
}

if (import.meta.main) {
  const problems = await importProblems(project);
  process.stderr.write(problems.map((problem) => `${problem}\n`).join(""));
  if (problems.length > 0) process.exitCode = 1;
}
