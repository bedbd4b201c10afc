import { chmod, rm } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";

const project = join(import.meta.dirname, "..");

/** Where the bundle is put: one file that plain `node` starts from anywhere. */
export const bundlePath = join(project, "dist", "hyperv-csi.mjs");

/** Bundles the program with all its libraries and data. */
export async function buildBundle(outfile = bundlePath, entry = join(project, "src/main.ts")): Promise<void> {
  await rm(outfile, { force: true });
  await build({
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
    logLevel: "warning",
  });
  await chmod(outfile, 0o755);
}

if (import.meta.main) {
  await buildBundle();
  process.stdout.write(`${bundlePath}\n`);
}
