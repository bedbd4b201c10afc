import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Kubectl } from "../cluster/kubectl.ts";

/** What is asked of a cluster in which something failed, by the file that it is kept in. */
const questions: Readonly<Record<string, readonly string[]>> = {
  "events.txt": ["get", "events", "--all-namespaces", "--sort-by=.metadata.creationTimestamp"],
  "pods.txt": ["describe", "pods", "--all-namespaces"],
  "volumes.yaml": ["get", "pv,pvc,volumeattachments,csinodes", "--all-namespaces", "--output=yaml"],
  "nodes.yaml": ["get", "nodes", "--output=yaml"],
};

/** Writes what a cluster tells of itself, and what its pods have logged, beside the logs of its parts. */
export async function keepFacts(kubectl: Kubectl, logs: string): Promise<void> {
  for (const [file, question] of Object.entries(questions)) {
    const { stdout, stderr } = await kubectl.try(question);
    await writeFile(join(logs, file), stdout || stderr);
  }
  const { stdout } = await kubectl.try([
    ...["get", "pods", "--all-namespaces", "--no-headers"],
    "--output=custom-columns=N:.metadata.namespace,P:.metadata.name",
  ]);
  await mkdir(join(logs, "pods"), { recursive: true });
  for (const line of stdout.trim().split("\n")) {
    const [namespace = "", pod = ""] = line.split(/\s+/);
    const asked = ["-n", namespace, "logs", pod, "--all-containers", "--prefix", "--tail=5000"];
    const said = await kubectl.try(asked);
    const before = await kubectl.try([...asked, "--previous"]);
    await writeFile(join(logs, "pods", `${namespace}-${pod}.log`), before.stdout + said.stdout + said.stderr);
  }
}
