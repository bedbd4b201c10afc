import type { Groups } from "../../groups.ts";
import type { ApiClient } from "../api/api-client.ts";
import { compare } from "./compare.ts";
import { inCluster } from "./in-cluster.ts";
import { onHosts, reallyGone } from "./on-hosts.ts";
import type { Orphan } from "./orphan.ts";

/** Between whom disks and objects are compared. */
export interface OrphanParts {
  readonly api: ApiClient;
  readonly groups: Groups;
  readonly driverName: string;
}

/**
 * One look at all groups and the cluster.
 * @throws StatusError UNAVAILABLE when one of them did not answer
 */
export async function lookForOrphans(
  { api, groups, driverName }: OrphanParts,
  signal: AbortSignal,
): Promise<Orphan[]> {
  // Hosts first: a volume that is made meanwhile is in neither list, or in that of the objects alone.
  const hosts = await onHosts(groups, signal);
  const seen = compare(hosts, await inCluster(api, driverName, signal));
  const disks = seen.filter(
    ({ kind }) => kind === "volume-without-pv" || kind === "snapshot-without-content",
  );
  const objects = seen.filter((orphan) => !disks.includes(orphan));
  return [...disks, ...(await reallyGone(objects, groups, signal))];
}
