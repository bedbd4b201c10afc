import { parseNodeId } from "../../../csi/handle.ts";
import type { DriverNames } from "../../../csi/driver.ts";
import type { ApiClient } from "../api/api-client.ts";
import { CSI_NODES, NODES, registeredNode } from "../objects/nodes.ts";
import { type NodeState, readNode } from "./fence-marks.ts";

/** A Node that fencing has to look at, and the VM that it is. */
export interface Candidate {
  readonly node: NodeState;
  readonly vmId: string;
  /** Undefined for one that we fenced whose label is gone. */
  readonly group: string | undefined;
}

export interface Candidates {
  readonly all: readonly Candidate[];
  /** Nodes whose plugin is registered, and the VM of each, that do not have it noted. */
  readonly unnoted: ReadonlyMap<NodeState, string>;
}

/**
 * Nodes that are not ready, or that we fenced, whose VM and group are known. A VM that two Nodes claim to be, or were last,
 * is none that anything is proven of.
 */
export async function fencingCandidates(
  api: ApiClient,
  { driverName, topologyKey }: DriverNames,
  signal: AbortSignal,
): Promise<Candidates> {
  const nodes = new Map<string, NodeState>();
  for await (const { items } of api.list(NODES, {}, signal)) {
    for (const item of items) {
      const node = readNode(item, driverName, topologyKey);
      if (node !== undefined) nodes.set(node.name, node);
    }
  }
  const claims = new Claims();
  const registered = new Map<NodeState, string>();
  for await (const { items } of api.list(CSI_NODES, {}, signal)) {
    for (const item of items) {
      const csiNode = registeredNode(item, driverName);
      const vmId = csiNode && parseNodeId(csiNode.nodeId);
      if (csiNode === undefined || vmId === undefined) continue;
      claims.add(vmId, csiNode.name);
      const node = nodes.get(csiNode.name);
      // The CSINode of a Node that is gone says nothing of the one that has its name now.
      if (node !== undefined && csiNode.owners.includes(node.uid)) registered.set(node, vmId);
    }
  }
  const found: Candidate[] = [];
  for (const node of nodes.values()) {
    if (node.mark !== undefined) claims.add(node.mark, node.name);
    // Without its plugin, as after a shutdown in order, a Node is the VM that it was.
    const vmId = registered.get(node) ?? node.mark ?? node.lastVm;
    if (vmId === undefined) continue;
    claims.add(vmId, node.name);
    if (node.mark !== undefined || (node.ready === false && node.group !== undefined))
      found.push({ node, vmId, group: node.group });
  }
  return {
    // What is fenced stays in sight: nothing but its way back is left to decide.
    all: found.filter(({ node, vmId }) => node.mark !== undefined || claims.of(vmId) === 1),
    unnoted: new Map(
      [...registered].filter(([node, vmId]) => node.systemUuid !== "" && node.lastVm !== vmId),
    ),
  };
}

/** Which Nodes claim to be which VM. */
class Claims {
  readonly #names = new Map<string, Set<string>>();

  add(vmId: string, nodeName: string): void {
    const names = this.#names.get(vmId) ?? new Set();
    this.#names.set(vmId, names.add(nodeName));
  }

  of(vmId: string): number {
    return this.#names.get(vmId)?.size ?? 0;
  }
}
