import { createHash } from "node:crypto";
import { cp, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";

const module = join(import.meta.dirname, "../go");
const cache = join(import.meta.dirname, "../../../.cache/k8s");

/** Where the programs are. */
export const binaries = join(cache, "bin");
/** Where the definitions of snapshots are, as their controller's module has them. */
export const snapshotDefinitions = join(cache, "crd");

/** Parts of Kubernetes that are one binary. */
const parts = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kubectl"];

/** Builds Kubernetes and its sidecars from the versions that go.mod pins: minutes at first, nothing afterwards. */
export async function buildBinaries(): Promise<void> {
  const stampFile = join(cache, "stamp");
  const stamp = await stampOf();
  if ((await readFile(stampFile, "utf8").catch(() => "")) === stamp) return;
  await mkdir(binaries, { recursive: true });
  const env = { GOFLAGS: "-buildvcs=false", CGO_ENABLED: "0" };
  const go = (...args: readonly string[]) => execa("go", args, { cwd: module, env });
  const version = await kubernetesVersion(go);
  await go("build", "-trimpath", `-ldflags=${linkerFlags(version)}`, "-o", `${binaries}/`, ".", "tool");
  for (const part of parts) {
    await rm(join(binaries, part), { force: true });
    await symlink("e2e", join(binaries, part));
  }
  const snapshots = "github.com/kubernetes-csi/external-snapshotter/client/v8";
  const { stdout } = await go("list", "-m", "-f", "{{.Dir}}", snapshots);
  await rm(snapshotDefinitions, { recursive: true, force: true });
  await cp(join(stdout, "config/crd"), snapshotDefinitions, { recursive: true });
  await writeFile(stampFile, stamp);
}

async function stampOf(): Promise<string> {
  const hash = createHash("sha256");
  for (const name of ["go.mod", "go.sum", "main.go"]) hash.update(await readFile(join(module, name)));
  hash.update(await readFile(import.meta.filename));
  return hash.digest("hex");
}

async function kubernetesVersion(
  go: (...args: readonly string[]) => PromiseLike<{ stdout: string }>,
): Promise<string> {
  return (await go("list", "-m", "-f", "{{.Version}}", "k8s.io/kubernetes")).stdout;
}

/** Kubernetes and sidecars tell clients and each other which version they are, and act by it. */
function linkerFlags(version: string): string {
  const [, major, minor] = /^v(\d+)\.(\d+)\./.exec(version) ?? [];
  const base = "k8s.io/component-base/version";
  const told = { gitVersion: version, gitMajor: major ?? "", gitMinor: minor ?? "" };
  const flags = Object.entries(told).map(([name, value]) => `-X ${base}.${name}=${value}`);
  return ["-s -w -X main.version=v0.0.0-e2e", ...flags].join(" ");
}
