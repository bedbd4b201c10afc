import { type ApiClient, apiClient } from "../api/api-client.ts";
import { type ClusterOptions, openCluster } from "../api/cluster.ts";
import { NODES } from "../objects/nodes.ts";
import { fenceLabel } from "./fence-marks.ts";

/** Tells whether a VM's node was fenced by us, as the API server has it now. */
export type IsFenced = (vmId: string, signal: AbortSignal) => Promise<boolean>;

/** @throws StatusError when the API server does not say: then nothing may be detached */
export function fencedVms(api: ApiClient, driverName: string): IsFenced {
  return async (vmId, signal) => {
    const labelSelector = `${fenceLabel(driverName)}=${vmId}`;
    for await (const { items } of api.list(NODES, { labelSelector }, signal)) {
      if (items.length > 0) return true;
    }
    return false;
  };
}

/** The same over sockets of its own, until it is closed. @throws StatusError INVALID_ARGUMENT for credentials */
export async function openFencedVms(
  cluster: ClusterOptions,
  driverName: string,
): Promise<{ readonly isFenced: IsFenced; close(): void }> {
  const api = apiClient(await openCluster(cluster));
  return { isFenced: fencedVms(api, driverName), close: api.close };
}
