import { createHash } from "node:crypto";
import { access, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";

const project = join(import.meta.dirname, "../../..");
const requirements = join(project, "test/tools/schemathesis/requirements.txt");

/** Answers that must never be seen, and what an answer must be. */
const checks = [
  "not_a_server_error",
  "status_code_conformance",
  "content_type_conformance",
  "response_schema_conformance",
];

/** Why the fuzzer can't be had on this machine; undefined when it is there. */
export async function whyNoFuzzer(): Promise<string | undefined> {
  const { failed } = await execa("virtualenv", ["--version"], { reject: false });
  if (failed) return "the fuzzer needs virtualenv, which is not installed here";
  return await ensureFuzzer().then(
    () => undefined,
    (error: unknown) =>
      `the fuzzer can't be installed: ${error instanceof Error ? error.message : String(error)}`,
  );
}

/** Installs the fuzzer into a virtual environment of its own, once for each version of its requirements. */
async function ensureFuzzer(): Promise<string> {
  const digest = createHash("sha256")
    .update(await readFile(requirements))
    .digest("hex")
    .slice(0, 16);
  const home = join(project, ".cache", `schemathesis-${digest}`);
  const done = join(home, "installed");
  const there = await access(done).then(
    () => true,
    () => false,
  );
  if (!there) {
    await rm(home, { recursive: true, force: true });
    await mkdir(home, { recursive: true });
    await execa("virtualenv", ["--quiet", home]);
    await execa(join(home, "bin/pip"), ["install", "--quiet", "--require-hashes", "-r", requirements]);
    await writeFile(`${done}.tmp`, "");
    await rename(`${done}.tmp`, done);
  }
  return join(home, "bin/schemathesis");
}

export interface FuzzRun {
  readonly url: string;
  readonly key: string;
  readonly seconds: number;
  /** Only operations whose path matches. */
  readonly paths: string;
  /** Values that parameters have, by name; others are made up. */
  readonly values: Readonly<Record<string, readonly string[]>>;
  /** For its configuration. */
  readonly directory: string;
}

/** Fuzzes an agent by its own description. */
export async function fuzz(
  run: FuzzRun,
): Promise<{ readonly ok: boolean; readonly report: string; readonly cases: number }> {
  const config = join(run.directory, "schemathesis.toml");
  const values = Object.entries(run.values).map(
    ([name, of]) => `${JSON.stringify(name)} = ${JSON.stringify(of)}\n`,
  );
  await writeFile(
    config,
    // A full pool is an answer of this API (507, Insufficient Storage), not a fault of the server.
    `[checks.not_a_server_error]\nexpected-statuses = ["2xx", "3xx", "4xx", "507"]\n[parameters]\n${values.join("")}`,
  );
  const { exitCode, all } = await execa(
    await ensureFuzzer(),
    [
      ...["--config-file", config, "run", `${run.url}/openapi.json`],
      ...["--header", `X-Api-Key: ${run.key}`, "--checks", checks.join()],
      ...["--include-path-regex", run.paths, "--max-time", String(run.seconds), "--continue-on-failure"],
      // In one thread: Hypothesis changes the recursion limit, which Python 3.11 does not survive while another compiles.
      ...["--workers", "1", "--no-color", "--suppress-health-check", "all"],
    ],
    {
      all: true,
      reject: false,
      cwd: run.directory,
      maxBuffer: 256 * 1024 * 1024,
      timeout: (run.seconds + 240) * 1000,
    },
  );
  const cases = Number(/(\d+) generated/.exec(all)?.[1] ?? 0);
  return { ok: exitCode === 0, report: shortened(all), cases };
}

/** A report for people: a line of it can have thousands of characters of fuzz. */
function shortened(report: string): string {
  return report
    .split("\n")
    .map((line) => line.slice(0, 300))
    .join("\n");
}
