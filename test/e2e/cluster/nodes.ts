import { join } from "node:path";
import type { ControlPlane } from "./control-plane.ts";
import { ClusterNode } from "./node.ts";
import type { Processes } from "./processes.ts";

/** What nodes are made of. */
export interface NodesPlace {
  readonly directory: string;
  readonly group: string;
  /** Id of the VM that each node is. */
  readonly vmIds: readonly string[];
  readonly images: readonly string[];
  /** Names of their cgroups begin with it. */
  readonly cgroups: string;
}

/** Where all of a node is. */
export const nodeDirectory = (directory: string, number: number) => join(directory, `node-${number}`);

/** Turns the nodes on and waits until they are ready. They end with this process. */
export async function startNodes(
  { directory, group, vmIds, images, cgroups }: NodesPlace,
  { kubectl }: ControlPlane,
  processes: Processes,
): Promise<ClusterNode[]> {
  const nodes = vmIds.map((vmId, index) => {
    const number = index + 1;
    const own = { number, vmId, directory: nodeDirectory(directory, number) };
    return new ClusterNode({ ...own, kubeconfig: kubectl.kubeconfig, group, images, cgroups }, processes);
  });
  await Promise.all(
    nodes.map(async (node) => {
      await node.prepare();
      await node.start();
      await kubectl.run(["wait", "--for=create", `node/${node.name}`, "--timeout=120s"]);
      await kubectl.run(["wait", "--for=condition=Ready", `node/${node.name}`, "--timeout=120s"]);
    }),
  );
  return nodes;
}
