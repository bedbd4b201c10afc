import "../../src/threadpool.ts";
import { mkdir, mkdtemp, readFile, realpath, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { benchAgent } from "./agent/agent.ts";
import { cleanUp, cleanUpBelow, cleanUpOnSignals } from "./cleanup.ts";
import { benchHyperv } from "./hyperv/hyperv.ts";
import { benchVhdx } from "./vhdx/vhdx.ts";
import { benchVolumes } from "./volumes/volumes.ts";

/** `npm run bench -- vhdx` runs one of them. */
const benches: Readonly<Record<string, (directory: string) => Promise<unknown>>> = {
  volumes: benchVolumes,
  vhdx: benchVhdx,
  agent: benchAgent,
  hyperv: benchHyperv,
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
  cleanUpOnSignals();
  for (const [name, bench] of Object.entries(benches)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const directory = await mkdtemp(join(await realpath(tmpdir()), "hyperv-csi-bench-"));
    cleanUpBelow(directory);
    try {
      results[name] = await bench(directory);
    } finally {
      await cleanUp();
    }
  }
  await mkdir(dirname(resultFile), { recursive: true });
  await writeFile(resultFile, `${JSON.stringify(results, null, 2)}\n`);
  process.stdout.write(`\nwritten to ${resultFile}\n`);
}

await main(process.argv.slice(2));
