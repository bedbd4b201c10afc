import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

/** What the page of the API's description is made of. */
export const docsAssets = ["swagger-ui.css", "swagger-ui-bundle.js"] as const;

/** An asset, compressed with gzip. The bundle has another version of this file, which carries them along. */
export async function readDocsAsset(name: (typeof docsAssets)[number]): Promise<Buffer> {
  const library = dirname(createRequire(import.meta.url).resolve("@fastify/swagger-ui/package.json"));
  return await promisify(gzip)(await readFile(join(library, "static", name)), { level: 9 });
}
