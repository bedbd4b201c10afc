import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";

const module = join(import.meta.dirname, "go");
const cache = join(import.meta.dirname, "../../../.cache/external-storage");

/** Where Kubernetes' own tests, what runs them and what their pods run are. */
export const suiteBinaries = join(cache, "bin");

/** Builds all of them from the versions that go.mod pins: many minutes at first, nothing afterwards. */
export async function buildSuite(): Promise<void> {
  const stampFile = join(cache, "stamp");
  const hash = createHash("sha256");
  for (const name of ["go.mod", "go.sum"]) hash.update(await readFile(join(module, name)));
  hash.update(await readFile(import.meta.filename));
  const stamp = hash.digest("hex");
  if ((await readFile(stampFile, "utf8").catch(() => "")) === stamp) return;
  await mkdir(suiteBinaries, { recursive: true });
  const env = { GOFLAGS: "-buildvcs=false", CGO_ENABLED: "0" };
  const plain = ["-trimpath", "-ldflags=-s -w", "-o"];
  const go = (...args: readonly string[]) => execa("nice", ["go", ...args], { cwd: module, env });
  await go("build", ...plain, `${suiteBinaries}/`, "tool");
  await go("test", "-c", "-vet=off", ...plain, join(suiteBinaries, "e2e.test"), "k8s.io/kubernetes/test/e2e");
  await writeFile(stampFile, stamp);
}

/** The version of Kubernetes that the tests are of. */
export async function suiteVersion(): Promise<string> {
  const { stdout } = await execa("go", ["list", "-m", "-f", "{{.Version}}", "k8s.io/kubernetes"], {
    cwd: module,
  });
  return stdout;
}

if (import.meta.main) await buildSuite();
