import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { stringify } from "yaml";

const tools = join(import.meta.dirname, "../tools");

/** Where a driver serves, and how csi-sanity is to use it. */
export interface SanityTarget {
  readonly endpoint: string;
  /** Undefined when one socket serves all. */
  readonly controllerEndpoint: string | undefined;
  readonly access: "mount" | "block";
  /** YAML file of volume parameters. */
  readonly parameters: string;
  /** YAML file of what can be changed of a volume. */
  readonly mutableParameters: string;
  /** Goes with every request that has secrets. */
  readonly secret: string;
  /** A directory for the run alone. */
  readonly directory: string;
}

/** Requests that have secrets, as csi-sanity names them. */
const requestsWithSecrets = [
  ...["CreateVolume", "DeleteVolume", "ControllerPublishVolume", "ControllerUnpublishVolume"],
  ...["ControllerValidateVolumeCapabilities", "ControllerExpandVolume", "ControllerModifyVolume"],
  ...["NodeStageVolume", "NodePublishVolume"],
  ...["CreateSnapshot", "DeleteSnapshot", "ListSnapshots", "GetSnapshot"],
];

/** Names of specs by how they ended. A spec that failed carries what it said. */
export interface SanityReport {
  readonly seed: number;
  readonly passed: readonly string[];
  readonly failed: readonly string[];
  readonly skipped: readonly string[];
  readonly pending: readonly string[];
}

interface GinkgoSpec {
  readonly State: string;
  readonly ContainerHierarchyTexts: readonly string[] | null;
  readonly LeafNodeText: string;
  readonly Failure?: { readonly Message: string };
}

interface GinkgoReport {
  readonly SuiteConfig: { readonly RandomSeed: number };
  readonly SpecReports: readonly GinkgoSpec[];
}

/** Why csi-sanity can't run on this machine; undefined when it can. Builds it, which takes a minute the first time. */
export async function whyNoSanity(): Promise<string | undefined> {
  const result = await execa("go", ["tool", "csi-sanity", "--help"], { cwd: tools, reject: false });
  if (result.code === "ENOENT") return "csi-sanity needs Go, which is not installed here";
  return result.exitCode === 0 ? undefined : `csi-sanity can't be built here: ${result.stderr.slice(-500)}`;
}

/** Runs every spec in random order. */
export async function runSanity(target: SanityTarget): Promise<SanityReport> {
  const { endpoint, controllerEndpoint, access, parameters, directory } = target;
  await mkdir(directory, { recursive: true });
  const reportFile = join(directory, "report.json");
  const secretsFile = join(directory, "secrets.yaml");
  const secrets = requestsWithSecrets.map((request) => [`${request}Secret`, { password: target.secret }]);
  await writeFile(secretsFile, stringify(Object.fromEntries(secrets)));
  const { all } = await execa(
    "go",
    [
      ...["tool", "csi-sanity", `--csi.endpoint=${endpoint}`],
      ...(controllerEndpoint === undefined ? [] : [`--csi.controllerendpoint=${controllerEndpoint}`]),
      ...[`--csi.testvolumeaccesstype=${access}`, `--csi.testvolumeparameters=${parameters}`],
      `--csi.testvolumemutableparameters=${target.mutableParameters}`,
      `--csi.secrets=${secretsFile}`,
      ...[`--csi.mountdir=${join(directory, "target")}`, `--csi.stagingdir=${join(directory, "staging")}`],
      // A pool promises no byte twice: volumes of the usual 10 GiB would need more disk than a machine may have.
      ...[`--csi.testvolumesize=${512 * 2 ** 20}`, `--csi.testvolumeexpandsize=${2 ** 30}`],
      ...["--csi.testnodevolumeattachlimit", "--ginkgo.randomize-all", "--ginkgo.no-color"],
      `--ginkgo.json-report=${reportFile}`,
    ],
    { cwd: tools, reject: false, all: true },
  );
  const text = await readFile(reportFile, "utf8").catch(() => undefined);
  if (text === undefined) throw new Error(`csi-sanity made no report: ${all.slice(-2000)}`);
  const [report] = JSON.parse(text) as [GinkgoReport];
  const ended = (...states: string[]) => report.SpecReports.filter(({ State }) => states.includes(State));
  const known = ["passed", "skipped", "pending"];
  return {
    seed: report.SuiteConfig.RandomSeed,
    passed: ended("passed").map(nameOf),
    failed: report.SpecReports.filter(({ State }) => !known.includes(State)).map(
      (spec) => `${nameOf(spec)}: ${spec.Failure?.Message ?? spec.State}`,
    ),
    skipped: ended("skipped").map(nameOf).sort(),
    pending: ended("pending").map(nameOf).sort(),
  };
}

function nameOf({ ContainerHierarchyTexts, LeafNodeText }: GinkgoSpec): string {
  return [...(ContainerHierarchyTexts ?? []), LeafNodeText].join(" ").trim();
}
