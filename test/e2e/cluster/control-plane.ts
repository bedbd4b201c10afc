import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { binaries } from "../build/binaries.ts";
import { apiServer, etcd, etcdPeers, services } from "./addresses.ts";
import { makeCredentials } from "./credentials.ts";
import { Kubectl } from "./kubectl.ts";
import type { Processes, Running } from "./processes.ts";
import { until } from "./until.ts";

/** What makes a cluster but its nodes. */
export interface ControlPlane {
  readonly kubectl: Kubectl;
  readonly apiServer: Running;
  /** Who asked what of the API server, of service accounts outside Kubernetes' own namespace; JSON lines. */
  readonly auditLog: string;
  /** Starts the API server again, after it was killed. */
  restartApiServer(): Promise<void>;
}

/** What is written to the audit log: who asked for what, of the accounts of pods. */
const auditPolicy = {
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  omitStages: ["RequestReceived"],
  rules: [
    { level: "None", userGroups: ["system:serviceaccounts:kube-system"] },
    { level: "Metadata", userGroups: ["system:serviceaccounts"] },
    { level: "None" },
  ],
};

/** Starts etcd, the API server, the controller manager and the scheduler, and waits until they work. */
export async function startControlPlane(directory: string, processes: Processes): Promise<ControlPlane> {
  const credentials = await makeCredentials(join(directory, "credentials"));
  const kubectl = new Kubectl(credentials.kubeconfig);
  const [policy, auditLog] = [join(directory, "audit-policy.yaml"), join(directory, "audit.log")];
  await writeFile(policy, stringify(auditPolicy));
  const program = (name: string) => join(binaries, name);

  processes.start("etcd", [
    ...[program("etcd"), `--data-dir=${join(directory, "etcd")}`, "--unsafe-no-fsync"],
    ...[`--listen-client-urls=${etcd}`, `--advertise-client-urls=${etcd}`],
    ...[`--listen-peer-urls=${etcdPeers}`, `--initial-advertise-peer-urls=${etcdPeers}`],
    `--initial-cluster=default=${etcdPeers}`,
  ]);
  const startApiServer = async () => {
    const server = processes.start("kube-apiserver", [
      ...[program("kube-apiserver"), `--etcd-servers=${etcd}`],
      ...[`--bind-address=${apiServer}`, "--secure-port=443", `--service-cluster-ip-range=${services}`],
      ...["--endpoint-reconciler-type=none", "--allow-privileged"],
      ...[`--tls-cert-file=${credentials.certificate}`, `--tls-private-key-file=${credentials.key}`],
      ...[`--token-auth-file=${credentials.tokens}`, "--authorization-mode=Node,RBAC"],
      "--service-account-issuer=https://kubernetes.default.svc",
      `--service-account-key-file=${credentials.accountPublicKey}`,
      `--service-account-signing-key-file=${credentials.accountKey}`,
      ...[`--audit-policy-file=${policy}`, `--audit-log-path=${auditLog}`],
    ]);
    await until("the API server is ready", async () => {
      if (!server.alive())
        throw new Error(`the API server ended: ${await processes.output("kube-apiserver")}`);
      return (await kubectl.try(["get", "--raw", "/readyz"])).exitCode === 0 ? true : undefined;
    });
    return server;
  };

  let running = await startApiServer();
  const client = [
    `--kubeconfig=${credentials.kubeconfig}`,
    "--leader-elect=false",
    "--bind-address=127.0.0.1",
  ];
  processes.start("kube-controller-manager", [
    ...[program("kube-controller-manager"), ...client, "--use-service-account-credentials"],
    `--service-account-private-key-file=${credentials.accountKey}`,
    `--root-ca-file=${credentials.certificate}`,
  ]);
  processes.start("kube-scheduler", [program("kube-scheduler"), ...client]);
  await kubectl.run(["wait", "--for=create", "serviceaccount/default", "--timeout=120s"]);
  return {
    kubectl,
    auditLog,
    get apiServer() {
      return running;
    },
    restartApiServer: async () => {
      running = await startApiServer();
    },
  };
}
