import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { chart, runHelm, whyNoHelm } from "../../chart/helm.ts";
import { snapshotDefinitions, binaries } from "../build/binaries.ts";
import type { Kubectl } from "../cluster/kubectl.ts";
import type { Processes } from "../cluster/processes.ts";
import type { HostAgent } from "./agent.ts";

/** Where the chart is installed, as the guides say. */
export const namespace = "hyperv-csi";
export const release = "csi-driver-hyperv";

/** The controller of snapshots and their kinds, which a cluster has apart from any driver. */
export async function installSnapshots(kubectl: Kubectl, processes: Processes): Promise<void> {
  await kubectl.run(["apply", "--server-side", "--kustomize", snapshotDefinitions]);
  await kubectl.run(["wait", "--for=condition=Established", "crd", "--all", "--timeout=120s"]);
  processes.start("snapshot-controller", [
    ...[
      join(binaries, "snapshot-controller"),
      `--kubeconfig=${kubectl.kubeconfig}`,
      "--leader-election=false",
    ],
    "--feature-gates=CSIVolumeGroupSnapshot=true",
  ]);
}

/**
 * What differs from a cluster of VMs: both nodes have one network, so that each pod listens on its own node's address,
 * and the node plugin sees the pool, since the disks of the local host are known by their files.
 */
function valuesFor(agent: HostAgent, group: string) {
  const extraEnv = [{ name: "HOST_IP", valueFrom: { fieldRef: { fieldPath: "status.hostIP" } } }];
  return {
    agents: [{ group, url: agent.url, key: agent.key }],
    image: { pullPolicy: "Never" },
    controller: {
      hostNetwork: true,
      extraEnv,
      extraArgs: ["--http-endpoint=$(HOST_IP):9808"],
      fencing: { enabled: true, after: "1m" },
    },
    node: {
      httpHost: "$(HOST_IP)",
      // Few enough that a pod can ask for more.
      extraArgs: ["--max-volumes=60"],
      extraEnv,
      extraVolumes: [{ name: "pool", hostPath: { path: agent.pool, type: "Directory" } }],
      extraVolumeMounts: [{ name: "pool", mountPath: agent.pool, readOnly: true }],
    },
    sidecars: { snapshotter: { groupSnapshots: true } },
    storageClasses: [
      { name: "ext4", default: true, parameters: { "csi.storage.k8s.io/fstype": "ext4", diskType: "fixed" } },
      { name: "xfs", parameters: { "csi.storage.k8s.io/fstype": "xfs", diskType: "fixed" } },
      { name: "immediate", volumeBindingMode: "Immediate" },
      { name: "retain", reclaimPolicy: "Retain" },
    ],
    volumeSnapshotClasses: [{ name: "snapshots", default: true, deletionPolicy: "Delete" }],
  };
}

/** Installs the driver from its chart and waits until it serves; the file of the values that it was installed with. */
export async function installDriver(
  kubectl: Kubectl,
  agent: HostAgent,
  directory: string,
  group: string,
): Promise<string> {
  const reason = await whyNoHelm();
  if (reason !== undefined) throw new Error(reason);
  const values = join(directory, "values.yaml");
  await writeFile(values, stringify(valuesFor(agent, group)), { mode: 0o600 });
  const { exitCode, stderr, stdout } = await runHelm([
    ...["install", release, chart, "--namespace", namespace, "--create-namespace"],
    ...["--kubeconfig", kubectl.kubeconfig, "--values", values],
  ]);
  if (exitCode !== 0) throw new Error(stderr || stdout);
  for (const workload of [`daemonset/${release}-node`, `deployment/${release}-controller`])
    await kubectl.run(["-n", namespace, "rollout", "status", workload, "--timeout=300s"]);
  return values;
}
