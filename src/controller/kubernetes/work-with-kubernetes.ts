import { Gauge, type Registry } from "prom-client";
import { StatusError } from "../../kit/errors.ts";
import type { Log } from "../../kit/log.ts";
import { type ApiClient, apiClient } from "./api/api-client.ts";
import { openCluster } from "./api/cluster.ts";
import { electLeader } from "./leader/leader-election.ts";
import { replicaName } from "./leader/replica.ts";
import { runTasks, type Task } from "./leader/task.ts";
import type { KubernetesSettings } from "./settings.ts";

/** What the tasks of a controller are made of. */
export interface TaskParts {
  readonly api: ApiClient;
  readonly log: Log;
}

/**
 * Works with the API server until `stop` is aborted: the tasks run while this replica leads. A server that does not
 * answer is waited for.
 * @param driverName stands in the name of the Lease: drivers of other names have leaders of their own
 * @throws StatusError INVALID_ARGUMENT for credentials or a namespace that can't be used
 */
export async function workWithKubernetes(
  settings: KubernetesSettings,
  driverName: string,
  tasksOf: (parts: TaskParts) => readonly Task[],
  registry: Registry,
  log: Log,
  stop: AbortSignal,
): Promise<void> {
  const cluster = await openCluster(settings);
  const api = apiClient(cluster);
  const leading = new Gauge({
    name: "hyperv_csi_controller_leads",
    help: "1 while this replica does the tasks that only one of them does, else 0",
    registers: [registry],
  });
  leading.set(0);
  const tasks = tasksOf({ api, log });
  try {
    if (!settings.leaderElection) {
      leading.set(1);
      await runTasks(tasks, log, stop);
      return;
    }
    const namespace = settings.leaseNamespace ?? cluster.namespace;
    if (namespace === undefined)
      throw new StatusError("INVALID_ARGUMENT", "--leader-election-namespace is needed outside of a pod");
    const name = { namespace, name: leaseName(driverName), holder: replicaName() };
    const onChange = (leads: boolean) => {
      leading.set(leads ? 1 : 0);
    };
    const election = { name, times: settings.leaseTimes, onChange };
    await electLeader(api, election, (signal) => runTasks(tasks, log, signal), log, stop);
  } finally {
    api.close();
  }
}

/** As the sidecars name theirs. */
function leaseName(driverName: string): string {
  return `controller-leader-${driverName.toLowerCase().replaceAll(".", "-")}`;
}
