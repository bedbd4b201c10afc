import { Option } from "commander";
import { isInCluster } from "../../controller/kubernetes/api/cluster.ts";
import { defaultLeaseTimes } from "../../controller/kubernetes/leader/leader-election.ts";
import type { KubernetesSettings } from "../../controller/kubernetes/settings.ts";
import { StatusError } from "../../kit/errors.ts";
import { readTime } from "../terminal/time-option.ts";

/** Options of how the controller works with the API server, named as those of the sidecars. */
export interface KubernetesOptions {
  readonly kubernetes: "auto" | "on" | "off";
  readonly kubeconfig?: string;
  readonly leaderElection: boolean;
  readonly leaderElectionNamespace?: string;
  readonly leaderElectionLeaseDuration: number;
  readonly leaderElectionRenewDeadline: number;
  readonly leaderElectionRetryPeriod: number;
  readonly fenceNodes?: true;
  readonly fenceAfter: number;
}

/** Shorter than a VM takes to start again, or a flicker while it moves, it must not be. */
const LEAST_FENCE_TIME = 60_000;
const USUAL_FENCE_TIME = 180_000;

export function kubernetesOptions(): Option[] {
  const time = (name: string, what: string, ms: number) =>
    new Option(`--leader-election-${name} <time>`, what)
      .argParser((text) => readTime(`--leader-election-${name}`, text, 1000))
      .default(ms, `${ms / 1000}s`);
  return [
    new Option(
      "--kubernetes <when>",
      "tell Kubernetes what its users must know: auto is in a pod, or with --kubeconfig",
    )
      .choices(["auto", "on", "off"])
      .default("auto"),
    new Option(
      "--kubeconfig <file>",
      "reach the API server as this file says, not as the pod's service account",
    ),
    new Option(
      "--no-leader-election",
      "work with the API server without asking whether another replica does",
    ),
    new Option("--leader-election-namespace <namespace>", "where the Lease is; the pod's own by default"),
    time("lease-duration", "how long other replicas wait for one that is silent", defaultLeaseTimes.lease),
    time("renew-deadline", "how long the leader goes on when it can't renew", defaultLeaseTimes.renew),
    time("retry-period", "from one try to the next", defaultLeaseTimes.retry),
    new Option("--fence-nodes", "mark nodes out of service whose VM is proven off, so that volumes move on"),
    new Option("--fence-after <time>", "how long a VM must be off without a break until then")
      .argParser((text) => readTime("--fence-after", text, LEAST_FENCE_TIME))
      .default(USUAL_FENCE_TIME, "3m"),
  ];
}

/**
 * What the options say; undefined when the API server is left alone.
 * @throws StatusError INVALID_ARGUMENT for what can't be meant
 */
export function readKubernetesOptions(options: KubernetesOptions): KubernetesSettings | undefined {
  const { kubernetes, kubeconfig } = options;
  const isThere = kubeconfig !== undefined || isInCluster();
  const isOff = kubernetes === "off" || (kubernetes === "auto" && !isThere);
  if (isOff && options.fenceNodes === true)
    throw new StatusError("INVALID_ARGUMENT", "--fence-nodes needs the API server: give a --kubeconfig");
  if (isOff) return undefined;
  if (!isThere)
    throw new StatusError(
      "INVALID_ARGUMENT",
      "--kubernetes=on: there is no service account of a pod here; give a --kubeconfig",
    );
  const leaseTimes = {
    lease: options.leaderElectionLeaseDuration,
    renew: options.leaderElectionRenewDeadline,
    retry: options.leaderElectionRetryPeriod,
  };
  if (leaseTimes.lease <= leaseTimes.renew || leaseTimes.renew <= leaseTimes.retry * 1.2)
    throw new StatusError(
      "INVALID_ARGUMENT",
      "--leader-election-lease-duration must be more than -renew-deadline, and that more than 1.2 times -retry-period",
    );
  return {
    kubeconfig,
    leaderElection: options.leaderElection,
    leaseNamespace: options.leaderElectionNamespace,
    leaseTimes,
    fenceAfter: options.fenceNodes === true ? options.fenceAfter : undefined,
  };
}
