import { join } from "node:path";
import { generateAnswerChecks } from "./generate/answer-checks.ts";
import { generateCsiTypes } from "./generate/csi-types.ts";
import { findStaleFiles } from "./generate/files.ts";
import { isStale, pages, writePage } from "./generate/pages.ts";

const source = join(import.meta.dirname, "..", "src");

/** Every directory of generated code, and what fills it. */
export const generated = [
  { directory: join(source, "csi", "generated"), generate: generateCsiTypes },
  { directory: join(source, "agent-client", "generated"), generate: generateAnswerChecks },
] as const;

// With --check it changes nothing, names the stale files and exits with 1 if there are any.
if (import.meta.main) {
  for (const { directory, generate } of generated) {
    if (!process.argv.includes("--check")) await generate(directory);
    else {
      for (const path of await findStaleFiles(directory, generate)) {
        reportStale(join(directory, path));
      }
    }
  }
  for (const page of pages) {
    if (!process.argv.includes("--check")) await writePage(page);
    else if (await isStale(page)) reportStale(page.path);
  }
}

function reportStale(path: string): void {
  process.stderr.write(`stale: ${path}; run npm run generate\n`);
  process.exitCode = 1;
}
