/** What a node tells of itself. Each is asked anew, since a VM may learn it late and its slots change. */
export interface NodeFacts {
  /** VM id in lower case. @throws StatusError UNAVAILABLE while it is not known */
  nodeId(): Promise<string>;
  /** Group of the VM's host. @throws StatusError UNAVAILABLE while it is not known */
  group(): Promise<string>;
  /** Volumes that the VM has room for, those it has included. */
  maxVolumes(): Promise<number>;
}

/** Facts that somebody else settled. */
export function settledFacts(nodeId: string, group: string, maxVolumes: number): NodeFacts {
  return {
    nodeId: () => Promise.resolve(nodeId),
    group: () => Promise.resolve(group),
    maxVolumes: () => Promise.resolve(maxVolumes),
  };
}
