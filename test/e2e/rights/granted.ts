import type { KubeObject } from "../cluster/kubectl.ts";
import { namespace, release } from "../driver/install.ts";
import { theRig } from "../rig.ts";

type Role = KubeObject & {
  readonly rules: readonly {
    readonly apiGroups: readonly string[];
    readonly resources: readonly string[];
    readonly verbs: readonly string[];
  }[];
};

/** What all parts of the controller's pod may do in the driver's own namespace. */
const ALL_PARTS = "any";

/** All that the chart has given, each as `PART RIGHT`: `attacher storage.k8s.io/csinodes list`. */
export async function grantedRights(): Promise<string[]> {
  const { kubectl } = theRig();
  const ours = "--selector=app.kubernetes.io/name=csi-driver-hyperv";
  const inCluster = await kubectl.list<Role>("clusterroles", ours);
  const inNamespace = await kubectl.list<Role>("roles", "--namespace", namespace, ours);
  return [
    ...inCluster.flatMap((role) => expand(role, role.metadata.name.slice(`${release}-`.length))),
    ...inNamespace.flatMap((role) => expand(role, ALL_PARTS)),
  ];
}

function expand({ rules }: Role, part: string): string[] {
  return rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) => verbs.map((verb) => `${part} ${rightOf(group, resource, verb)}`)),
    ),
  );
}

export function rightOf(group: string, resource: string, verb: string): string {
  return `${group === "" ? resource : `${group}/${resource}`} ${verb}`;
}
