import { parseNodeId } from "../../../csi/handle.ts";
import type { DriverNames } from "../../../csi/driver.ts";
import type { ApiClient } from "../api/api-client.ts";
import { CSI_NODES, NODES, registeredNode } from "../objects/nodes.ts";
import { type NodeState, readNode } from "./fence-marks.ts";

/** A Node that fencing has to look at, and the VM that it is. */
export interface Candidate {
  readonly node: NodeState;
  readonly vmId: string;
  readonly group: string;
}

/**
 * Nodes that are not ready, or that we fenced, whose VM and group are known. A VM that two Nodes claim to be is none that
 * anything is proven of.
 */
export async function fencingCandidates(
  api: ApiClient,
  { driverName, topologyKey }: DriverNames,
  signal: AbortSignal,
): Promise<Candidate[]> {
  const nodes = new Map<string, NodeState>();
  for await (const { items } of api.list(NODES, {}, signal)) {
    for (const item of items) {
      const node = readNode(item, driverName, topologyKey);
      if (node !== undefined && (node.ready === false || node.mark !== undefined)) nodes.set(node.name, node);
    }
  }
  if (nodes.size === 0) return [];
  const found: Candidate[] = [];
  const times = new Map<string, number>();
  for await (const { items } of api.list(CSI_NODES, {}, signal)) {
    for (const item of items) {
      const registered = registeredNode(item, driverName);
      const vmId = registered && parseNodeId(registered.nodeId);
      if (vmId === undefined) continue;
      times.set(vmId, (times.get(vmId) ?? 0) + 1);
      const node = nodes.get(registered?.name ?? "");
      // The CSINode of a Node that is gone says nothing of the one that has its name now.
      const isIts = node !== undefined && registered?.owners.includes(node.uid) === true;
      if (isIts && node.group !== undefined) found.push({ node, vmId, group: node.group });
    }
  }
  return found.filter(({ vmId }) => times.get(vmId) === 1);
}
