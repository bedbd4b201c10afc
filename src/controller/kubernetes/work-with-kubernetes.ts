import { Gauge, type Registry } from "prom-client";
import type { DriverNames } from "../../csi/driver.ts";
import { StatusError } from "../../kit/errors.ts";
import type { Log } from "../../kit/log.ts";
import { trimHeapAfterStart } from "../../kit/trim-heap.ts";
import type { Groups } from "../groups.ts";
import type { NoRoomReports } from "../no-room.ts";
import { type ApiClient, apiClient } from "./api/api-client.ts";
import { openCluster } from "./api/cluster.ts";
import { Recorder } from "./events/recorder.ts";
import { tellNoRoom } from "./events/tell-no-room.ts";
import { electLeader } from "./leader/leader-election.ts";
import { replicaName } from "./leader/replica.ts";
import { runTasks, type Task } from "./leader/task.ts";
import type { KubernetesSettings } from "./settings.ts";
import { controllerTasks } from "./tasks.ts";

/** What a controller brings along. */
export interface KubernetesParts {
  readonly settings: KubernetesSettings;
  readonly groups: Groups;
  /** The driver's name stands in that of the Lease: drivers of other names have leaders of their own. */
  readonly names: DriverNames;
  readonly noRoom: NoRoomReports;
  readonly registry: Registry;
  readonly log: Log;
}

/**
 * Works with the API server until `stop` is aborted: Events are told by each replica, the tasks run while this one leads.
 * A server that does not answer is waited for.
 * @throws StatusError INVALID_ARGUMENT for credentials or a namespace that can't be used
 */
export async function workWithKubernetes(parts: KubernetesParts, stop: AbortSignal): Promise<void> {
  const { settings, groups, names, registry, log } = parts;
  const cluster = await openCluster(settings);
  const namespace = settings.leaseNamespace ?? cluster.namespace;
  if (settings.leaderElection && namespace === undefined)
    throw new StatusError("INVALID_ARGUMENT", "--leader-election-namespace is needed outside of a pod");
  const api = apiClient(cluster);
  const replica = replicaName();
  const recorder = new Recorder(api, { controller: names.driverName, instance: replica }, registry, log);
  const tasks = controllerTasks({
    ...{ api, recorder, groups, names, registry, log },
    fenceAfter: settings.fenceAfter,
  });
  tellNoRoom(parts.noRoom, api, names.driverName, recorder, log, stop);
  trimHeapAfterStart();
  try {
    await Promise.all([
      recorder.run(stop),
      whenLeading(parts, api, tasks, { namespace: namespace ?? "", holder: replica }, stop),
    ]);
  } finally {
    api.close();
  }
}

async function whenLeading(
  { settings, names, registry, log }: KubernetesParts,
  api: ApiClient,
  tasks: readonly Task[],
  { namespace, holder }: { readonly namespace: string; readonly holder: string },
  stop: AbortSignal,
): Promise<void> {
  const leading = new Gauge({
    name: "hyperv_csi_controller_leads",
    help: "1 while this replica does the tasks that only one of them does, else 0",
    registers: [registry],
  });
  const onChange = (leads: boolean) => {
    leading.set(leads ? 1 : 0);
  };
  onChange(!settings.leaderElection);
  if (!settings.leaderElection) {
    await runTasks(tasks, log, stop);
    return;
  }
  const name = { namespace, name: leaseName(names.driverName), holder };
  const election = { name, times: settings.leaseTimes, onChange };
  await electLeader(api, election, (signal) => runTasks(tasks, log, signal), log, stop);
}

/** As the sidecars name theirs. */
function leaseName(driverName: string): string {
  return `controller-leader-${driverName.toLowerCase().replaceAll(".", "-")}`;
}
