import { StatusError } from "../kit/errors.ts";

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

/** What was settled by flags; the rest is learnt from Hyper-V. */
export interface SettledFacts {
  readonly nodeId: string | undefined;
  readonly group: string | undefined;
  readonly maxVolumes: number | undefined;
  /** Slots that are kept free for disks which the driver does not make. */
  readonly reservedVolumes: number;
  /** Mounts below it are the orchestrator's. */
  readonly kubeletDirectory: string;
}

/** How a VM learns what Hyper-V tells it; undefined for what it has not told yet. */
export interface FactSource {
  readonly vmId: () => Promise<string | undefined>;
  readonly group: () => Promise<string | undefined>;
  /** Units of its SCSI controllers that no others have. */
  readonly slots: () => Promise<number>;
  /** What to say of those that are not known: what to do about it. */
  readonly unknown: { readonly vmId: string; readonly group: string };
}

/** The facts of a VM as flags settle them, else as Hyper-V tells them. */
export function learntFacts(settled: SettledFacts, source: FactSource): NodeFacts {
  return {
    nodeId: async () => {
      const id = settled.nodeId ?? (await source.vmId());
      if (id === undefined) throw new StatusError("UNAVAILABLE", source.unknown.vmId);
      return id;
    },
    group: async () => {
      const group = settled.group ?? (await source.group());
      if (group === undefined) throw new StatusError("UNAVAILABLE", source.unknown.group);
      return group;
    },
    maxVolumes: async () => {
      if (settled.maxVolumes !== undefined) return settled.maxVolumes;
      const free = (await source.slots()) - settled.reservedVolumes;
      // Zero would say that there is no limit.
      return Math.max(1, free);
    },
  };
}

/** What Hyper-V tells a VM of names that are worth a line in the log. */
export const loggedNames = ["VirtualMachineName", "PhysicalHostNameFullyQualified", "HostName"];
