import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";

/** Fills a directory; what was in it before is gone. */
export type Generator = (directory: string) => Promise<void>;

/** Texts of all files under a directory, by relative path, in order. */
export async function filesIn(directory: string): Promise<Map<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const read = async (path: string) => [relative(directory, path), await readFile(path, "utf8")] as const;
  return new Map(await Promise.all(paths.sort().map(read)));
}

/** The files of `directory` that are missing, changed or left over, compared with what `generate` makes now. */
export async function findStaleFiles(
  directory: string,
  generate: Generator,
  scratch = tmpdir(),
): Promise<string[]> {
  const temporary = await mkdtemp(join(scratch, "hyperv-csi-generate-"));
  try {
    await generate(temporary);
    const fresh = await filesIn(temporary);
    const present = await filesIn(directory);
    const paths = new Set([...fresh.keys(), ...present.keys()]);
    return [...paths].filter((path) => fresh.get(path) !== present.get(path)).sort();
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
