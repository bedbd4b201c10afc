import type { ControlPlane } from "./cluster/control-plane.ts";
import type { Kubectl } from "./cluster/kubectl.ts";
import type { ClusterNode } from "./cluster/node.ts";
import type { Processes } from "./cluster/processes.ts";
import type { HostAgent } from "./driver/agent.ts";

/** What scenarios find when they start: a cluster of two nodes with the driver in it. */
export interface Rig {
  readonly controlPlane: ControlPlane;
  readonly kubectl: Kubectl;
  readonly nodes: readonly ClusterNode[];
  readonly processes: Processes;
  readonly agent: HostAgent;
  /** Of all that is the cluster's own; gone with it. */
  readonly directory: string;
  /** File of the values that the chart was installed with. */
  readonly values: string;
}

let current: Rig | undefined;

export function setRig(rig: Rig): void {
  current = rig;
}

export function theRig(): Rig {
  if (current === undefined)
    throw new Error("scenarios run below test/e2e/main.ts, which starts their cluster");
  return current;
}
