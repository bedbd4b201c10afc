import { path } from "../../../agent-client/agent-http.ts";
import { StatusError } from "../../../kit/errors.ts";
import type { Log } from "../../../kit/log.ts";
import type { ApiClient, Wire } from "../api/api-client.ts";
import { follow } from "../api/follow.ts";
import type { Task } from "../leader/task.ts";
import { readMetadata, textIn } from "../objects/metadata.ts";
import { CSI_NODES, NODES, registeredNode, type RegisteredNode, taintsOf } from "../objects/nodes.ts";

/** How often a Node that others change meanwhile is looked at anew. */
const MOST_TRIES = 5;

/** Key of the taint that keeps pods from a node until its plugin is registered: `<driver>/agent-not-ready`. */
export function startupTaintKey(driverName: string): string {
  return `${driverName}/agent-not-ready`;
}

/**
 * Takes the start-up taint from each Node on which kubelet has registered the driver: its CSINode says so, and a pod that
 * comes then finds the driver. Only that taint, whatever its effect, and only as it was seen.
 */
export function startupTaintTask(
  api: ApiClient,
  driverName: string,
  onRemoved: (node: Wire) => void,
  log: Log,
): Task {
  const key = startupTaintKey(driverName);
  const seen = async (csiNode: Wire, signal: AbortSignal) => {
    const registered = registeredNode(csiNode, driverName);
    if (registered === undefined) return;
    const node = await withoutTaint(api, registered, key, signal);
    if (node === undefined) return;
    log.info(
      { node: registered.name, taint: key },
      "the start-up taint is removed: the driver is registered",
    );
    onRemoved(node);
  };
  return {
    name: "start-up taint",
    run: (signal) => follow(api, CSI_NODES, {}, seen, log, signal),
  };
}

/** The Node once nothing of the taint is left; undefined where there was nothing to do. */
async function withoutTaint(
  api: ApiClient,
  { name, owners }: RegisteredNode,
  key: string,
  signal: AbortSignal,
): Promise<Wire | undefined> {
  const place = `${NODES}${path`/${name}`}`;
  let changed: Wire | undefined;
  for (let tries = 1; ; tries++) {
    try {
      const node = await api.get(place, signal);
      const { uid } = readMetadata(node);
      // The CSINode of a Node that is gone says nothing of the one that has its name now.
      if (!owners.includes(uid)) return undefined;
      const taints = taintsOf(node);
      const index = taints.findIndex((taint) => textIn(taint, "key") === key);
      if (index === -1) return changed;
      const patch = [
        { op: "test", path: "/metadata/uid", value: uid },
        { op: "test", path: `/spec/taints/${index}`, value: taints[index] },
        { op: "remove", path: `/spec/taints/${index}` },
      ];
      changed = await api.patch(place, "json", patch, signal);
    } catch (error) {
      const { code } = StatusError.from(error);
      if (code === "NOT_FOUND") return undefined;
      const isChanged = code === "FAILED_PRECONDITION" || code === "ABORTED";
      if (!isChanged || tries === MOST_TRIES) throw error;
    }
  }
}
