import { LUNS_PER_CONTROLLER } from "../../agent-client/disk-address.ts";
import type { Log } from "../../kit/log.ts";
import type { Metrics } from "../../kit/metrics.ts";
import { workerDurations } from "../../kit/worker/durations.ts";
import type { Host } from "./host.ts";
import { untilHostIsProven } from "./prove-host.ts";
import type { HypervSettings } from "./hyperv/hyperv-host.ts";
import { localHost } from "./local/local-host.ts";
import type { DeclaredVm } from "./local/vms.ts";

/** Slots of the four SCSI controllers that a VM on Hyper-V can have. */
export const HYPERV_SLOTS_PER_VM = 4 * LUNS_PER_CONTROLLER;

/** Which host an agent has, and how it is set. */
export type HostSettings =
  | { readonly kind: "local"; readonly vms: readonly DeclaredVm[]; readonly slotsPerVm: number }
  | ({ readonly kind: "hyperv" } & HypervSettings);

/**
 * Opens the host that the settings name; only what that one needs is loaded.
 * @throws StatusError FAILED_PRECONDITION, PERMISSION_DENIED for a host that this agent must not work on
 */
export async function openHost(settings: HostSettings, metrics: Metrics, log: Log): Promise<Host> {
  if (settings.kind === "local") return localHost(settings.vms, settings.slotsPerVm);
  const { hypervHost } = await import("./hyperv/hyperv-host.ts");
  const observe = workerDurations(
    metrics,
    "hyperv_csi_agent_worker_duration_seconds",
    "Duration of what Hyper-V workers were asked, by operation and code; LOST when there was no answer",
  );
  const host = hypervHost(settings, log, observe);
  await untilHostIsProven(host, log);
  return host;
}
