import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { binaries } from "../build/binaries.ts";
import { suiteBinaries } from "./build.ts";
import { leftOut } from "./left-out.ts";

/** What is run of the suite, and where. */
export interface GinkgoRun {
  readonly kubeconfig: string;
  /** Regular expression of the names of tests. */
  readonly focus: string;
  /** Where the report and the log go. */
  readonly directory: string;
}

/** Processes that run tests at once; they wait most of the time. */
const PROCESSES = 8;
const LONGEST = "100m";

/** Runs tests of Kubernetes' storage suite against the driver; the file of the report, however they end. */
export async function runGinkgo({ kubeconfig, focus, directory }: GinkgoRun): Promise<string> {
  const report = "ginkgo.json";
  const run = execa(
    join(suiteBinaries, "ginkgo"),
    [
      ...[`--procs=${PROCESSES}`, `--timeout=${LONGEST}`, "--no-color", "--keep-going"],
      ...[`--focus=${focus}`, ...leftOut.map(({ pattern }) => `--skip=${pattern.source}`)],
      ...[`--output-dir=${directory}`, `--json-report=${report}`, join(suiteBinaries, "e2e.test"), "--"],
      ...[`--kubeconfig=${kubeconfig}`, "--provider=skeleton", "--num-nodes=2", "--node-os-distro=debian"],
      ...[`--kubectl-path=${join(binaries, "kubectl")}`, "--dump-logs-on-failure=false"],
      `--storage.testdriver=${join(import.meta.dirname, "testdriver.yaml")}`,
      `--repo-root=${import.meta.dirname}`,
    ],
    { reject: false, all: true, buffer: false },
  );
  run.all.pipe(createWriteStream(join(directory, "ginkgo.log")));
  await run;
  return join(directory, report);
}
