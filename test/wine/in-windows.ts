import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildBundle } from "../../scripts/build.ts";
import type { Results } from "./results.ts";
import { onDriveZ, type Windows } from "./windows.ts";

const project = join(import.meta.dirname, "../..");

/** Runs files of tests by Windows' Node, all in one process, bundled: Wine opens files slowly. */
export async function runInWindows(windows: Windows, files: readonly string[]): Promise<Results> {
  const [entry, tests, product, results] = ["entry.ts", "tests.mjs", "hyperv-csi.mjs", "results.json"].map(
    (name) => join(windows.programs, name),
  ) as [string, string, string, string];
  const text = (path: string) => JSON.stringify(join(project, path));
  const imports = files.map((file) => `${JSON.stringify(file)}: () => import(${text(file)})`);
  await writeFile(
    entry,
    `import { runTests } from ${text("test/wine/inside/run.ts")};
await runTests({ ${imports.join(",\n")} }, process.argv[2] ?? "");`,
  );
  await buildBundle(tests, entry);
  await buildBundle(product);
  const { output } = await windows.run(tests, [onDriveZ(results), onDriveZ(product)]);
  const found = await readFile(results, "utf8").catch(() => undefined);
  if (found === undefined) throw new Error(`the tests did not come to their end: ${output}`);
  return JSON.parse(found) as Results;
}
