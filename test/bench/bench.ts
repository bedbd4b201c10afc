import "../../src/threadpool.ts";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { benchVhdx } from "./vhdx/vhdx.ts";
import { benchVolumes } from "./volumes.ts";

/** `npm run bench -- vhdx` runs one of them. */
const benches: Readonly<Record<string, (directory: string) => Promise<unknown>>> = {
  volumes: benchVolumes,
  vhdx: benchVhdx,
};

const resultFile = join(import.meta.dirname, "../../dist/bench.json");

async function main(wanted: readonly string[]): Promise<void> {
  const unknown = wanted.find((name) => benches[name] === undefined);
  if (unknown !== undefined) {
    process.stderr.write(`there is no bench ${unknown}; there are ${Object.keys(benches).join(", ")}\n`);
    process.exitCode = 2;
    return;
  }
  const results = JSON.parse(await readFile(resultFile, "utf8").catch(() => "{}")) as Record<string, unknown>;
  for (const [name, bench] of Object.entries(benches)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const directory = await mkdtemp(join(tmpdir(), "hyperv-csi-bench-"));
    try {
      results[name] = await bench(directory);
    } finally {
      await rm(directory, { recursive: true });
    }
  }
  await mkdir(dirname(resultFile), { recursive: true });
  await writeFile(resultFile, `${JSON.stringify(results, null, 2)}\n`);
  process.stdout.write(`\nwritten to ${resultFile}\n`);
}

await main(process.argv.slice(2));
