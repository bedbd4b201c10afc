import { rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { Command, Option } from "commander";
import { startAgent } from "../agent/agent.ts";
import { makeKeyFile } from "../agent/access/key-file.ts";
import { agentSettings } from "../agent/config/agent-settings.ts";
import { configDefaults } from "../agent/config/defaults.ts";
import { LONGEST_MERGE_MS } from "../agent/hosts/hyperv/checkpoints.ts";
import { defaultWorkerSettings } from "../agent/hosts/hyperv/worker/settings.ts";
import type { HostSettings } from "../agent/hosts/open-host.ts";
import { parseListen } from "../agent/listen-address.ts";
import { readTextFile } from "../kit/config.ts";
import { StatusError } from "../kit/errors.ts";
import { createAgentClient } from "../agent-client/agent-client.ts";
import { controllerService } from "../controller/controller.ts";
import { groupControllerService } from "../controller/group/group-controller.ts";
import { snapshotMetadataService } from "../controller/metadata/snapshot-metadata.ts";
import { Groups } from "../controller/groups.ts";
import { identityService } from "../csi/identity.ts";
import type { SocketListener } from "../csi/listeners/socket-listener.ts";
import { serveSocket } from "../csi/server.ts";
import { KeyedLocks } from "../kit/locks.ts";
import { serveHttpEndpoint } from "../kit/http-endpoint.ts";
import { createLog } from "../kit/log.ts";
import { createMetrics } from "../kit/metrics.ts";
import { linuxGuest } from "../node/linux/linux-guest.ts";
import { thisVm } from "../node/linux/this-vm.ts";
import { settledFacts } from "../node/node-facts.ts";
import { nodeService } from "../node/node.ts";
import { driverOptions, maxVolumesOption, readGroupName, type DriverOptions } from "./options.ts";
import { closeAll, stopSignal, untilStopped, type Closable } from "./until-stopped.ts";
import { preflight } from "./up/preflight.ts";
import { show } from "./up/show.ts";
import { openSimulation, type Simulation } from "./up/simulation.ts";
import { openStateDirectory, readOrMakeVmId, type StateDirectory } from "./up/state-directory.ts";

interface Options extends DriverOptions {
  readonly stateDir: string;
  readonly listen: string;
  readonly host: "local" | "hyperv-sim";
  readonly group: string;
  readonly maxVolumes: number;
  readonly once?: boolean;
  readonly show: boolean;
}

const OWNER = "hyperv-csi up";

/** @param listener what listens on its socket, instead of this system's own */
export function upCommand(listener?: SocketListener): Command {
  const command = new Command("up")
    .description(
      "run agent, controller and node in one process on this Linux machine: show the main job, then serve",
    )
    .option("--state-dir <dir>", "directory that holds everything", "/var/lib/hyperv-csi")
    .option("--once", "exit after the show: 0 when every step held")
    .option("--no-show", "serve at once")
    .option(
      "--listen <host:port>",
      "loopback address of the agent's REST API; port 0 takes a free one",
      "127.0.0.1:0",
    )
    .addOption(
      new Option(
        "--host <kind>",
        "what runs the VMs: this machine, or a simulated Hyper-V (source tree only)",
      )
        .choices(["local", "hyperv-sim"])
        .default("local"),
    )
    .option("--group <name>", "name of this host in volume handles and topology", "local")
    .addOption(maxVolumesOption());
  for (const option of driverOptions())
    command.addOption(option.long === "--log-level" ? option.default("warn") : option);
  return command.action((options: Options) => runUp(options, listener));
}

async function runUp(options: Options, listener: SocketListener | undefined): Promise<void> {
  const stop = stopSignal();
  await preflight();
  const state = await openStateDirectory(options.stateDir, OWNER);
  const parts: Closable[] = [{ close: () => state.lock.release() }];
  try {
    const { url, nodeId, group } = await start(options, state, parts, listener);
    if (options.show) {
      process.stdout.write("hyperv-csi shows its main job on this machine:\n");
      await show(state, nodeId, stop);
      process.stdout.write("every step held\n");
    }
    if (options.once === true) return;
    const { csiSocket, apiKeyFile, addressFile } = state;
    await writeFile(
      addressFile,
      `${JSON.stringify({ csiSocket, agentUrl: url, apiKeyFile, nodeId, group })}\n`,
    );
    parts.push({ close: () => rm(addressFile, { force: true }) });
    process.stdout.write(
      `\nserving CSI on unix://${csiSocket}\nserving REST on ${url} (key in ${apiKeyFile})\nCtrl-C stops; volumes and attachments stay\n`,
    );
    await untilStopped(stop);
  } catch (error) {
    if (!stop.aborted) throw error;
    // Asked to stop in the middle of the show, which has cleared itself away.
    process.exitCode = Number(stop.reason);
  } finally {
    await closeAll(parts);
  }
}

/** Starts agent, controller and node; what was started is in `parts`, also when a later one fails. */
async function start(
  options: Options,
  state: StateDirectory,
  parts: Closable[],
  listener: SocketListener | undefined,
) {
  const log = await createLog(options.logLevel);
  const metrics = createMetrics();
  const nodeId = await readOrMakeVmId(state);
  await makeKeyFile(state.apiKeyFile);
  const group = readGroupName(options.group);
  const apiKey = (await readTextFile(state.apiKeyFile)).trim();
  const settings = await agentSettings(
    {
      ...configDefaults,
      apiKeyFile: state.apiKeyFile,
      group,
      listen: readLoopback(options.listen),
      maxVolumes: options.maxVolumes,
      pools: [{ name: "default", directory: state.pool }],
      stateDirectory: state.path,
      vms: [{ id: nodeId, name: hostname() }],
    },
    OWNER,
  );
  const simulation =
    options.host === "hyperv-sim" ? await openSimulation(join(state.path, "hyperv-sim"), nodeId) : undefined;
  const agent = await startAgent(
    simulation === undefined ? settings : { ...settings, host: simulatedHost(simulation, options, group) },
    metrics,
    log,
  );
  parts.push(agent);
  if (options.httpEndpoint !== undefined) parts.push(await serveHttpEndpoint(options.httpEndpoint, metrics));

  const names = { driverName: options.driverName, topologyKey: options.topologyKey };
  const groups = new Groups([{ name: group, agent: createAgentClient({ url: agent.url, apiKey }) }]);
  const services = {
    Identity: identityService(options.driverName, () => Promise.resolve(true)),
    Controller: controllerService({ groups, names }),
    GroupController: groupControllerService({ groups, names }),
    SnapshotMetadata: snapshotMetadataService({ groups, names }),
    Node: nodeService({
      guest: linuxGuest(simulation?.vm ?? thisVm(nodeId)),
      locks: new KeyedLocks(),
      facts: settledFacts(nodeId, group, options.maxVolumes),
      names,
    }),
  };
  parts.push(await serveSocket(`unix://${state.csiSocket}`, services, metrics, log, listener));
  return { url: agent.url, nodeId, group };
}

/** Fixed disks by default: the simulator shows its VMs no others. */
function simulatedHost({ command }: Simulation, { maxVolumes }: Options, group: string): HostSettings {
  return {
    kind: "hyperv",
    workers: { ...defaultWorkerSettings, command },
    group,
    slotsPerVm: maxVolumes,
    diskTypes: ["fixed", "dynamic"],
    longestMergeMs: LONGEST_MERGE_MS,
  };
}

/** The three parts trust one another: none but this machine is to reach them. */
function readLoopback(listen: string): string {
  if (parseListen(listen).isLoopback) return listen;
  throw new StatusError(
    "FAILED_PRECONDITION",
    `--listen ${listen} is not a loopback address: up serves this machine only`,
  );
}
