import { chmod, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { build, type Plugin } from "esbuild";
import { docsAssets, readDocsAsset } from "../src/agent/rest/docs/assets.ts";
import { bundledPackages, thirdPartyNotices } from "./third-party-notices.ts";

const project = join(import.meta.dirname, "..");

/** Where the bundle is put: one file that plain `node` starts from anywhere. */
export const bundlePath = join(project, "dist", "hyperv-csi.mjs");

/** Puts the page of the API's description into the bundle, in place of the file that reads it from the library. */
const carriedDocs: Plugin = {
  name: "carried-docs",
  setup: (bundler) => {
    bundler.onLoad({ filter: /[\\/]rest[\\/]docs[\\/]assets\.ts$/ }, async () => {
      const contents = await Promise.all(
        docsAssets.map(async (name) => [name, (await readDocsAsset(name)).toString("base64")]),
      );
      return {
        contents: `export const docsAssets = ${JSON.stringify(docsAssets)};
const contents = new Map(${JSON.stringify(contents)});
export async function readDocsAsset(name) { return Buffer.from(contents.get(name), "base64"); }`,
      };
    });
  },
};

/**
 * Leaves out what the client library of Kubernetes would send requests with: of it only what knows credentials is used.
 * It is loaded whole with that, and would be a third of the controller's memory.
 */
const withoutUndici: Plugin = {
  name: "without-undici",
  setup: (bundler) => {
    bundler.onResolve({ filter: /^undici$/ }, () => ({ path: "undici", namespace: "left-out" }));
    bundler.onLoad({ filter: /.*/, namespace: "left-out" }, () => ({
      contents: `const leftOut = () => { throw new Error("undici is not in this bundle"); };
export { leftOut as Agent, leftOut as ProxyAgent, leftOut as fetch };`,
    }));
  },
};

/**
 * Bundles the program with all its libraries and data.
 * @returns directories of the packages that are in it, below the project's.
 */
export async function buildBundle(
  outfile = bundlePath,
  entry = join(project, "src/main.ts"),
): Promise<readonly string[]> {
  await rm(outfile, { force: true });
  const { metafile } = await build({
    absWorkingDir: project,
    metafile: true,
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    target: "node24",
    format: "esm",
    minify: true,
    // Libraries in CommonJS ask for Node's own modules with require().
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
    // Optional: without it holes are neither told nor made.
    external: ["koffi"],
    plugins: [carriedDocs, withoutUndici],
    logLevel: "warning",
  });
  await chmod(outfile, 0o755);
  return bundledPackages(metafile);
}

if (import.meta.main) {
  const packages = await buildBundle();
  await writeFile(join(dirname(bundlePath), "THIRD-PARTY-NOTICES"), await thirdPartyNotices(packages));
  process.stdout.write(`${bundlePath}\n`);
}
