import type { Registry } from "prom-client";
import type { DriverNames } from "../../csi/driver.ts";
import type { Log } from "../../kit/log.ts";
import type { Groups } from "../groups.ts";
import type { ApiClient } from "./api/api-client.ts";
import { regarding } from "./events/event.ts";
import type { Recorder } from "./events/recorder.ts";
import { watchHealthTask } from "./events/watch-health.ts";
import { watchHostsTask } from "./events/watch-hosts.ts";
import { fenceNodes, fencingSettings } from "./fencing/fence-nodes.ts";
import type { Task } from "./leader/task.ts";
import type { NodeState } from "./fencing/fence-marks.ts";
import { orphanReport } from "./orphans/orphan-report.ts";
import { startupTaintTask } from "./taint/startup-taint.ts";

/** What the tasks of a controller are made of. */
export interface TaskParts {
  readonly api: ApiClient;
  readonly recorder: Recorder;
  readonly groups: Groups;
  readonly names: DriverNames;
  /** As in KubernetesSettings. */
  readonly fenceAfter: number | undefined;
  readonly registry: Registry;
  readonly log: Log;
}

/** All that one replica does at a time. */
export function controllerTasks(parts: TaskParts): readonly Task[] {
  const { api, recorder, groups, names, registry, log } = parts;
  const { driverName, topologyKey } = names;
  return [
    startupTaintTask(
      api,
      driverName,
      (node) => {
        recorder.tell(
          regarding("Node", node),
          "StartupTaintRemoved",
          "The driver is registered on this node",
        );
      },
      log,
    ),
    watchHostsTask(groups, topologyKey, api, recorder),
    watchHealthTask(groups, driverName, api, recorder, log),
    orphanReport({ api, groups, driverName }, registry, log),
    ...fencing(parts),
  ];
}

function fencing({ api, recorder, groups, names, fenceAfter, registry, log }: TaskParts): readonly Task[] {
  if (fenceAfter === undefined) return [];
  const onChange = ({ name, uid }: NodeState, change: "fenced" | "unfenced", vmId: string) => {
    const on = { kind: "Node", name, namespace: "", uid } as const;
    if (change === "fenced")
      recorder.tell(on, "NodeFenced", `The VM ${vmId} is off: the node is marked out of service`);
    else recorder.tell(on, "NodeUnfenced", "The node is not marked out of service any more");
  };
  return [fenceNodes({ api, groups, names, log, onChange }, registry, fencingSettings(fenceAfter))];
}
