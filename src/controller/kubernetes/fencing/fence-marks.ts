import { parseNodeId } from "../../../csi/handle.ts";
import type { Wire } from "../api/api-client.ts";
import { listOf, objectIn, readMetadata, textIn } from "../objects/metadata.ts";
import { taintsOf } from "../objects/nodes.ts";
import { lastVmAnnotation, lastVmIn, type Machine } from "./last-vm.ts";

/** The taint of Kubernetes' non-graceful node shutdown. */
const OUT_OF_SERVICE = {
  key: "node.kubernetes.io/out-of-service",
  value: "nodeshutdown",
  effect: "NoExecute",
} as const;

/** Label of a Node that we fenced; its value is the id of the VM that was off. */
export function fenceLabel(driverName: string): string {
  return `${driverName.toLowerCase()}/fenced`;
}

/** Annotation that says since when. */
function sinceAnnotation(driverName: string): string {
  return `${driverName.toLowerCase()}/fenced-since`;
}

/** What of a Node fencing needs; undefined for something that is no Node. */
export interface NodeState extends Machine {
  readonly resourceVersion: string;
  readonly ready: boolean | undefined;
  readonly group: string | undefined;
  readonly taints: readonly Wire[];
  /** The VM id in our mark. */
  readonly mark: string | undefined;
  /** The VM that the Node was when its plugin was last registered; undefined when it is another machine since. */
  readonly lastVm: string | undefined;
  /** True with the taint, whoever put it. */
  readonly outOfService: boolean;
}

export function readNode(node: Wire, driverName: string, topologyKey: string): NodeState | undefined {
  const { name, uid } = readMetadata(node);
  const metadata = objectIn(node, "metadata");
  const resourceVersion = textIn(metadata, "resourceVersion");
  if (name === "" || uid === "" || resourceVersion === "") return undefined;
  const label = (key: string) => textIn(objectIn(metadata, "labels"), key) || undefined;
  const taints = taintsOf(node);
  const status = objectIn(node, "status");
  const systemUuid = textIn(objectIn(status, "nodeInfo"), "systemUUID");
  const mark = label(fenceLabel(driverName));
  const note = textIn(objectIn(metadata, "annotations"), lastVmAnnotation(driverName));
  const conditions = listOf(status["conditions"]);
  const ready = conditions.find(({ type }) => type === "Ready");
  return {
    ...{ name, uid, systemUuid, resourceVersion, taints },
    ready: ready === undefined ? undefined : ready["status"] === "True",
    group: label(topologyKey),
    mark: mark && (parseNodeId(mark) ?? mark),
    lastVm: lastVmIn(note, { uid, systemUuid }),
    outOfService: taints.some(({ key }) => key === OUT_OF_SERVICE.key),
  };
}

/** Puts taint and mark at once, on the Node as it was seen: a change of it meanwhile makes the patch fail. */
export function fencePatch({ resourceVersion, taints }: NodeState, vmId: string, driverName: string): Wire {
  return {
    metadata: {
      resourceVersion,
      labels: { [fenceLabel(driverName)]: vmId },
      annotations: { [sinceAnnotation(driverName)]: new Date().toISOString() },
    },
    spec: { taints: [...taints, OUT_OF_SERVICE] },
  };
}

/** Takes both away, and nothing else. */
export function unfencePatch({ resourceVersion, taints }: NodeState, driverName: string): Wire {
  const others = taints.filter(
    ({ key, value, effect }) =>
      key !== OUT_OF_SERVICE.key || value !== OUT_OF_SERVICE.value || effect !== OUT_OF_SERVICE.effect,
  );
  return {
    metadata: {
      resourceVersion,
      labels: { [fenceLabel(driverName)]: null },
      annotations: { [sinceAnnotation(driverName)]: null },
    },
    spec: { taints: others },
  };
}
