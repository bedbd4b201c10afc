import { StatusError } from "../../../../kit/errors.ts";
import { requireProtocol } from "../../../../kit/worker/protocol-version.ts";
import { type Hello, PROTOCOL_VERSION } from "../protocol.ts";

/**
 * Whether an agent of `group` may work through a worker that says this of itself.
 * @throws StatusError FAILED_PRECONDITION another protocol, or a cluster of another name; PERMISSION_DENIED
 */
export function acceptWorker(group: string): (hello: Hello) => void {
  return ({ protocol, mayManageVms, user, computer, cluster }) => {
    requireProtocol(
      protocol,
      PROTOCOL_VERSION,
      `the worker speaks protocol ${protocol} and this agent ${PROTOCOL_VERSION}: install both from one archive`,
    );
    if (!mayManageVms) {
      throw new StatusError(
        "PERMISSION_DENIED",
        `${user} may not manage VMs on ${computer}: run the agent as LocalSystem, or add the account to Hyper-V Administrators`,
      );
    }
    if (cluster === null || groupOfCluster(cluster) === group) return;
    throw new StatusError(
      "FAILED_PRECONDITION",
      `${computer} is a member of the failover cluster ${cluster}, and the agent's group is ${group}: a cluster's VMs and pools are one group, so set group to ${groupOfCluster(cluster)}; pools that have the other name need it in groupAliases`,
    );
  };
}

/** A cluster's name as a group: Windows knows no case in it, and may tell it with its domain. */
export function groupOfCluster(name: string): string {
  return (name.split(".", 1)[0] ?? "").toLowerCase();
}
