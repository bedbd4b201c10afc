import { join } from "node:path";
import parseDuration from "parse-duration";
import { StatusError } from "../../kit/errors.ts";
import { thisPlatform } from "../../kit/platform.ts";
import { parseSize } from "../../kit/sizes.ts";
import type { AgentSettings } from "../agent.ts";
import type { EngineSettings } from "../engine/settings.ts";
import { declaredVm, thisMachine } from "../hosts/local/vms.ts";
import { isOnShare } from "../hosts/hyperv/disk-paths.ts";
import { LONGEST_MERGE_MS } from "../hosts/hyperv/checkpoints.ts";
import { defaultWorkerSettings } from "../hosts/hyperv/worker/settings.ts";
import { ownWorker } from "../../kit/worker/own-worker.ts";
import { HYPERV_SLOTS_PER_VM, type HostSettings } from "../hosts/open-host.ts";
import { parseListen } from "../listen-address.ts";
import { defaultLimits } from "../rest/listener.ts";
import type { AgentConfig } from "./agent-config.ts";

/**
 * What a valid configuration means.
 * @throws StatusError INVALID_ARGUMENT for settings that don't go together
 */
export async function agentSettings(config: AgentConfig, owner: string): Promise<AgentSettings> {
  const { tlsCertFile, tlsPrivateKeyFile } = config;
  if ((tlsCertFile === undefined) !== (tlsPrivateKeyFile === undefined)) {
    throw invalid("tlsCertFile and tlsPrivateKeyFile are given together or not at all");
  }
  const names = config.pools.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw invalid(`two pools are called ${twice}`);
  return {
    pools: config.pools,
    groups: [config.group, ...config.groupAliases],
    host: config.host === "hyperv" ? hypervSettings(config) : await localSettings(config),
    keyFile: config.apiKeyFile,
    listen: parseListen(config.listen),
    tls: {
      certFile: tlsCertFile,
      keyFile: tlsPrivateKeyFile,
      clientCaFile: config.clientCaFile,
      directory: join(config.stateDirectory, "tls"),
    },
    engine: engineSettings(config),
    rest: {
      limits: {
        ...defaultLimits,
        requestsInFlight: config.maxRequestsInFlight,
        connections: config.maxConnections,
      },
      throttle: { attempts: config.wrongKeysPerMinute, windowSeconds: 60 },
      volumesApi: {
        oneVolumePerInstance: config.oneVolumePerInstance,
        instanceMustBeStopped: config.instanceMustBeStopped,
      },
    },
    stateDirectory: config.stateDirectory,
    auditFile: config.auditLogFile,
    owner,
  };
}

async function localSettings({ vms, maxVolumes }: AgentConfig): Promise<HostSettings> {
  const declared = vms.map(({ id, name, lockFile }) => declaredVm(id.toLowerCase(), name ?? id, lockFile));
  return {
    kind: "local",
    vms: declared.length === 0 ? [await thisMachine()] : declared,
    slotsPerVm: maxVolumes,
  };
}

function hypervSettings({ vms, pools, workerCommand, group, maxVolumes }: AgentConfig): HostSettings {
  const shared = pools.find(({ directory }) => isOnShare(directory));
  if (shared !== undefined) {
    throw invalid(
      `pool ${shared.name} is on a share, ${shared.directory}: SMB shares and scale-out file servers are not supported; use a local volume or a Cluster Shared Volume`,
    );
  }
  if (vms.length > 0) throw invalid("vms are declared for a local host alone: Hyper-V knows its own");
  const [program, ...args] = workerCommand;
  const command =
    program === undefined
      ? ownWorker(thisPlatform, process.argv[1] ?? "", process.env["SystemRoot"], "worker.ps1")
      : { program, args };
  if (command === undefined) {
    throw invalid(
      "the hyperv host needs workerCommand, the program of its workers, on any machine but Windows",
    );
  }
  return {
    kind: "hyperv",
    workers: { ...defaultWorkerSettings, command },
    group,
    slotsPerVm: Math.min(maxVolumes, HYPERV_SLOTS_PER_VM),
    longestMergeMs: LONGEST_MERGE_MS,
    diskTypes: ["dynamic", "fixed"],
  };
}

function engineSettings({
  reserve,
  overcommit,
  keepDeleted,
  transferDirectory,
}: AgentConfig): EngineSettings {
  return {
    reserveOf: reserveOf(reserve),
    overcommit,
    retentionMs: parseDuration(keepDeleted) ?? 0,
    transferDirectory,
  };
}

function reserveOf(text: string): (total: bigint) => bigint {
  if (text.endsWith("%")) {
    const percent = BigInt(text.slice(0, -1));
    return (total) => (total * percent) / 100n;
  }
  const bytes = parseSize(text) ?? 0n;
  return () => bytes;
}

function invalid(message: string): StatusError {
  return new StatusError("INVALID_ARGUMENT", message);
}
