import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";

interface Kept {
  readonly why: string;
  readonly rights: readonly string[];
}

/** Rights that no scenario is sure to use and that stay for a reason, which kept.yaml tells. */
export async function keptRights(): Promise<string[]> {
  const groups = parse(await readFile(join(import.meta.dirname, "kept.yaml"), "utf8")) as Kept[];
  return groups.flatMap(({ rights }) => rights);
}
