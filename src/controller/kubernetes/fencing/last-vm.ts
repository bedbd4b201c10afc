import { path } from "../../../agent-client/agent-http.ts";
import { parseNodeId } from "../../../csi/handle.ts";
import { StatusError } from "../../../kit/errors.ts";
import type { Log } from "../../../kit/log.ts";
import type { ApiClient } from "../api/api-client.ts";
import { NODES } from "../objects/nodes.ts";

/** Notes that one round writes at most: a new cluster has many, and the looks at VMs must not wait for them. */
const MOST_NOTES = 20;

/** A Node and the machine that it is. */
export interface Machine {
  readonly name: string;
  readonly uid: string;
  /** `status.nodeInfo.systemUUID`; "" where the Node does not say. */
  readonly systemUuid: string;
}

/**
 * Annotation of a Node that says which VM it was when its plugin was last registered: `<VM id> <uid> <systemUUID>`. A node
 * that is shut down in order leaves no other trace of its VM, since kubelet takes the driver out of the CSINode first.
 */
export function lastVmAnnotation(driverName: string): string {
  return `${driverName.toLowerCase()}/last-vm`;
}

/** The VM in such a note, in lower case; undefined for the note of another Node or machine. */
export function lastVmIn(note: string, { uid, systemUuid }: Omit<Machine, "name">): string | undefined {
  const [vmId = "", ...of] = note.split(" ");
  if (systemUuid === "" || of.join(" ") !== `${uid} ${systemUuid}`) return undefined;
  return parseNodeId(vmId);
}

/**
 * Notes on Nodes which VMs they are. What can't be written now is tried in the next round.
 * @param vms which VM each is now
 */
export async function noteLastVms(
  api: ApiClient,
  vms: ReadonlyMap<Machine, string>,
  driverName: string,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  for (const [{ name, uid, systemUuid }, vmId] of [...vms].slice(0, MOST_NOTES)) {
    const note = { [lastVmAnnotation(driverName)]: `${vmId} ${uid} ${systemUuid}` };
    try {
      signal.throwIfAborted();
      // The uid makes it fail on a Node that was made anew.
      await api.patch(`${NODES}${path`/${name}`}`, "merge", { metadata: { uid, annotations: note } }, signal);
    } catch (error) {
      const reason = StatusError.from(error).message;
      if (!signal.aborted) log.warn({ node: name, reason }, "which VM a node is can't be noted on it now");
      return;
    }
  }
}
