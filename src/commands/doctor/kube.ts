import { followAgents } from "../../controller/follow-agents.ts";
import { apiClient } from "../../controller/kubernetes/api/api-client.ts";
import { openCluster } from "../../controller/kubernetes/api/cluster.ts";
import { Lasting } from "../../controller/kubernetes/orphans/lasting.ts";
import { lookForOrphans, type OrphanParts } from "../../controller/kubernetes/orphans/look-for-orphans.ts";
import type { Orphan, OrphanKind } from "../../controller/kubernetes/orphans/orphan.ts";
import { silentLog } from "../../kit/log.ts";
import { pause } from "../../kit/pause.ts";
import type { Column } from "../operator/format.ts";

/** Where what is compared comes from. */
export interface KubeOptions {
  /** The controller's agents file. */
  readonly agents: string;
  readonly driverName: string;
  /** Undefined for the pod's service account. */
  readonly kubeconfig?: string;
  /** Milliseconds. */
  readonly grace: number;
}

/** An orphan, and what a person can do about it. */
export type Finding = Orphan & { readonly message: string };

const messages: Readonly<Record<OrphanKind, string>> = {
  "volume-without-pv":
    "no PersistentVolume names it: another cluster or a person may use it; if nobody does, hyperv-csi volume delete",
  "snapshot-without-content":
    "no VolumeSnapshotContent names it: another cluster or a person may need it; if nobody does, hyperv-csi snapshot delete",
  "pv-without-volume": "its volume is on no host: restore it from a backup, or delete the claim",
  "content-without-snapshot": "its snapshot is on no host: delete the VolumeSnapshot",
};

export const orphanColumns: readonly Column<Finding>[] = [
  { heading: "GROUP", cell: ({ group }) => group || "-" },
  { heading: "FINDING", cell: ({ kind }) => kind },
  { heading: "NAME", cell: ({ name }) => name },
  { heading: "HANDLE", cell: ({ handle }) => handle },
  { heading: "MESSAGE", cell: ({ message }) => message },
];

/** Compares all groups with the cluster, twice when something seems alone: what is on its way does, too. */
export async function findOrphans(
  { agents, driverName, kubeconfig, grace }: KubeOptions,
  signal: AbortSignal,
  onWait: (seen: number) => void,
): Promise<Finding[]> {
  const followed = await followAgents(agents, silentLog());
  try {
    const api = apiClient(await openCluster({ kubeconfig }));
    try {
      const parts: OrphanParts = { api, groups: followed.groups, driverName };
      const orphans = await lookTwice(parts, grace, signal, onWait);
      return orphans.map((orphan) => ({ ...orphan, message: messages[orphan.kind] }));
    } finally {
      api.close();
    }
  } finally {
    await followed.close();
  }
}

async function lookTwice(
  parts: OrphanParts,
  grace: number,
  signal: AbortSignal,
  onWait: (seen: number) => void,
): Promise<Orphan[]> {
  const lasting = new Lasting(grace);
  const seen = await lookForOrphans(parts, signal);
  lasting.take(seen, performance.now());
  if (seen.length === 0) return [];
  onWait(seen.length);
  // A timer may fire a little early.
  await pause(grace + 10, signal);
  signal.throwIfAborted();
  const again = performance.now();
  return lasting.take(await lookForOrphans(parts, signal), again);
}
