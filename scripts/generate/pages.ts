import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { format } from "prettier";
import { chartValuesPage } from "./chart-values.ts";
import { externalStoragePage } from "./external-storage.ts";
import { rpcsPage } from "./rpcs.ts";

const reference = join(import.meta.dirname, "../../docs/reference");

/** Every page of the documentation that is made from code as a whole, and what makes its text. */
export const pages = [
  { path: join(reference, "chart-values.md"), make: chartValuesPage },
  { path: join(reference, "external-storage.md"), make: externalStoragePage },
  { path: join(reference, "rpcs.md"), make: rpcsPage },
] as const;

export type Page = (typeof pages)[number];

/** A page as it has to be now, formatted as all Markdown here is. */
export async function pageText({ make }: Page): Promise<string> {
  return await format(await make(), { parser: "markdown", printWidth: 110, proseWrap: "preserve" });
}

export async function writePage(page: Page): Promise<void> {
  await writeFile(page.path, await pageText(page));
}

/** True when the page is missing or is not what the code says now. */
export async function isStale(page: Page): Promise<boolean> {
  return (await readFile(page.path, "utf8").catch(() => undefined)) !== (await pageText(page));
}
