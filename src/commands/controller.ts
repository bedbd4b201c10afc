import { Command, Option } from "commander";
import { observeAgents } from "../controller/agent-metrics.ts";
import { controllerService } from "../controller/controller.ts";
import { followAgents } from "../controller/follow-agents.ts";
import { groupControllerService } from "../controller/group/group-controller.ts";
import type { KubernetesSettings } from "../controller/kubernetes/settings.ts";
import { NoRoomReports, reportingNoRoom } from "../controller/no-room.ts";
import { snapshotMetadataService } from "../controller/metadata/snapshot-metadata.ts";
import { identityService } from "../csi/identity.ts";
import { createLog } from "../kit/log.ts";
import { createMetrics } from "../kit/metrics.ts";
import {
  type KubernetesOptions,
  kubernetesOptions,
  readKubernetesOptions,
} from "./controller/kubernetes-options.ts";
import { driverOptions, type DriverOptions } from "./options.ts";
import { serveRole } from "./serve-role.ts";
import { readTime } from "./terminal/time-option.ts";
import { stopSignal, untilStopped } from "./until-stopped.ts";

interface Options extends DriverOptions, KubernetesOptions {
  readonly endpoint: string;
  readonly agents: string;
  readonly serveLastKnown?: number;
}

export function controllerCommand(): Command {
  const command = new Command("controller")
    .description("serve the CSI Identity and Controller services")
    .requiredOption("--endpoint <unix://path>", "socket to serve CSI on")
    .requiredOption("--agents <file>", "YAML list of agents: group, url, apiKeyFile, caFile")
    .addOption(
      new Option(
        "--serve-last-known <time>",
        "list what was last known of a group whose agent does not answer, up to so old (10m); by default lists fail",
      ).argParser((text) => readTime("--serve-last-known", text)),
    );
  for (const option of [...kubernetesOptions(), ...driverOptions()]) command.addOption(option);
  return command.action(runController);
}

async function runController(options: Options): Promise<void> {
  const kubernetes = readKubernetesOptions(options);
  const log = await createLog(options.logLevel);
  const metrics = createMetrics();
  const stop = stopSignal();
  const agents = await followAgents(options.agents, log);
  const { groups } = agents;
  observeAgents(agents, metrics.registry);
  const noRoom = new NoRoomReports();
  const fence = await openFence(kubernetes, options.driverName);
  const csiParts = {
    groups,
    names: options,
    lastKnownMs: options.serveLastKnown,
    isFenced: fence?.isFenced,
  };
  const services = {
    Identity: identityService(options.driverName, () => Promise.resolve(true)),
    Controller: reportingNoRoom(controllerService(csiParts), noRoom),
    GroupController: groupControllerService({ groups, names: options }),
    SnapshotMetadata: snapshotMetadataService({ groups, names: options }),
  };
  const meanwhile = async (stop: AbortSignal) => {
    if (kubernetes === undefined) {
      await untilStopped(stop);
      return;
    }
    // Loaded when CSI is served: no call waits for it.
    const { workWithKubernetes } = await import("../controller/kubernetes/work-with-kubernetes.ts");
    const { registry } = metrics;
    const parts = { settings: kubernetes, groups, names: options, noRoom, registry, log };
    await workWithKubernetes(parts, stop);
  };
  try {
    await serveRole({ name: "controller", services, meanwhile }, options, metrics, log, stop);
  } finally {
    fence?.close();
    await agents.close();
  }
}

/** Every replica detaches, and must know by itself whose nodes are fenced. */
async function openFence(kubernetes: KubernetesSettings | undefined, driverName: string) {
  if (kubernetes?.fenceAfter === undefined) return undefined;
  const { openFencedVms } = await import("../controller/kubernetes/fencing/fenced-vms.ts");
  return await openFencedVms(kubernetes, driverName);
}
