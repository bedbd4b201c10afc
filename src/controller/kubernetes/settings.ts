import type { LeaseTimes } from "./leader/leader-election.ts";

/** What the controller is told of Kubernetes. */
export interface KubernetesSettings {
  /** A kubeconfig file; undefined for the pod's service account. */
  readonly kubeconfig: string | undefined;
  /** False where this is the only replica. */
  readonly leaderElection: boolean;
  /** Undefined for the namespace of the pod. */
  readonly leaseNamespace: string | undefined;
  readonly leaseTimes: LeaseTimes;
  /** Milliseconds for which a VM must be off until its node is fenced; undefined where no node is. */
  readonly fenceAfter: number | undefined;
}
