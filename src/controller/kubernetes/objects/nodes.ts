import type { Wire } from "../api/api-client.ts";
import { listOf, objectIn, readMetadata, textIn } from "./metadata.ts";

export const NODES = "/api/v1/nodes";
export const CSI_NODES = "/apis/storage.k8s.io/v1/csinodes";

/** A driver that kubelet has registered on a node. */
export interface RegisteredNode {
  /** Name of the Node, and of its CSINode. */
  readonly name: string;
  /** Uids of what the CSINode goes with: its Node. A Node that was made anew has another. */
  readonly owners: readonly string[];
  /** CSI's node id: the VM id. */
  readonly nodeId: string;
}

/** Where a CSINode says that the driver is registered; undefined when it is not. */
export function registeredNode(csiNode: Wire, driverName: string): RegisteredNode | undefined {
  const drivers = listOf(objectIn(csiNode, "spec")["drivers"]);
  const own = drivers.find((driver) => textIn(driver, "name") === driverName);
  const { name, owners } = readMetadata(csiNode);
  const nodeId = textIn(own, "nodeID");
  return nodeId === "" || name === "" ? undefined : { name, owners, nodeId };
}

/** The taints of a Node, as they are. */
export function taintsOf(node: Wire): readonly Wire[] {
  return listOf(objectIn(node, "spec")["taints"]);
}
