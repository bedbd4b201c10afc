import type { ClusterNode } from "./protocol.ts";

/** MSCluster_Node.State; others are on the way, or nobody knows. */
const UP = 0;
const DOWN = 1;
const PAUSED = 2;

/**
 * Whether a member of a cluster must be asked, since it may have VMs that count: all but one that its cluster has given
 * up. A paused member goes on with those that it has, and of one that joins, or whose state is unknown, nothing is certain.
 */
export function mayHaveVms({ state }: ClusterNode): boolean {
  return state !== DOWN;
}

/** Whether a cluster counts a member in, so that what the member says of its VMs proves something. */
export function isCountedIn({ state }: ClusterNode): boolean {
  return state === UP || state === PAUSED;
}
