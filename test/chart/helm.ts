import { join } from "node:path";
import { execa } from "execa";
import { parseAllDocuments } from "yaml";

export const chart = join(import.meta.dirname, "../../charts/csi-driver-hyperv");

/** An object of Kubernetes as a manifest has it. */
export interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly [field: string]: unknown;
}

const helm = join(import.meta.dirname, "../../.cache/helm");

/** For `before`: skips the suite on a machine that can't build Helm, and fails where all tests must run. */
export async function needsHelm(this: Mocha.Context): Promise<void> {
  const reason = await whyNoHelm();
  if (reason === undefined) return;
  if (process.env["CI"]) throw new Error(reason);
  console.log(`      skipped: ${reason}`);
  this.skip();
}

/** Builds Helm, which takes minutes the first time. Why it can't be built on this machine; undefined when it can. */
export async function whyNoHelm(): Promise<string | undefined> {
  const { code, exitCode, stderr } = await execa("go", ["build", "-o", helm, "helm.sh/helm/v3/cmd/helm"], {
    cwd: import.meta.dirname,
    reject: false,
  });
  if (code === "ENOENT") return "helm is built with Go, which is not installed here";
  return exitCode === 0 ? undefined : `helm can't be built here: ${stderr.slice(-500)}`;
}

/** What `helm template` makes of the chart, in the namespace and with the name that the guides use. */
export async function renderChart(...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runHelm([
    ...["template", "csi-driver-hyperv", chart, "--namespace", "hyperv-csi"],
    // A helm that is built from its module knows no version of Kubernetes newer than 1.20.
    ...["--kube-version", "1.36.0", ...args],
  ]);
  if (exitCode !== 0) throw new Error(stderr);
  return `${stdout}\n`;
}

/** The objects of a rendered chart. */
export function manifestsOf(rendered: string): Manifest[] {
  return parseAllDocuments(rendered).map((document) => {
    for (const error of document.errors) throw error;
    return document.toJS() as Manifest;
  });
}

/** Helm, the version that go.mod pins, with nothing of the user's configuration. */
export function runHelm(args: readonly string[]) {
  return execa(helm, args, {
    reject: false,
    env: {
      HELM_CONFIG_HOME: "/nonexistent",
      HELM_CACHE_HOME: "/nonexistent",
      HELM_DATA_HOME: "/nonexistent",
    },
  });
}
