import { Command } from "commander";
import { identityService } from "../csi/identity.ts";
import type { SocketListener } from "../csi/listeners/socket-listener.ts";
import { KeyedLocks } from "../kit/locks.ts";
import { createLog, type Log } from "../kit/log.ts";
import { createMetrics, type Metrics } from "../kit/metrics.ts";
import { nodeService } from "../node/node.ts";
import { kubeletRegistration } from "../node/registration/keep-registered.ts";
import { factsOptions, readSettledFacts, type FactsOptions } from "./node/facts-options.ts";
import { machineOptions, openMachine, type Machine, type MachineOptions } from "./node/machine.ts";
import {
  readKubeletPlugin,
  registrationOptions,
  type RegistrationOptions,
} from "./node/registration-options.ts";
import { showRegistration } from "./node/show-registration.ts";
import { driverOptions, type DriverOptions } from "./options.ts";
import { serveRole, type Role } from "./serve-role.ts";
import { stopSignal } from "./until-stopped.ts";

interface Options extends DriverOptions, FactsOptions, RegistrationOptions, MachineOptions {
  readonly endpoint: string;
}

/** @param listener what listens on its sockets, instead of this system's own */
export function nodeCommand(listener?: SocketListener): Command {
  const command = new Command("node")
    .description("serve the CSI Identity and Node services inside a VM")
    .requiredOption("--endpoint <unix://path>", "socket to serve CSI on");
  for (const option of [...factsOptions(), ...registrationOptions(), ...machineOptions(), ...driverOptions()])
    command.addOption(option);
  return command.action((options: Options) => runNode(options, listener));
}

async function runNode(options: Options, listener: SocketListener | undefined): Promise<void> {
  const log = await createLog(options.logLevel);
  const metrics = createMetrics();
  const stop = stopSignal();
  const machine = await openMachine(options, readSettledFacts(options), metrics, log);
  try {
    await serveNode(machine, options, listener, metrics, log, stop);
  } finally {
    await machine.close();
  }
}

async function serveNode(
  machine: Machine,
  options: Options,
  listener: SocketListener | undefined,
  metrics: Metrics,
  log: Log,
  stop: AbortSignal,
): Promise<void> {
  const { guest, facts } = machine;
  const service = nodeService({ guest, locks: new KeyedLocks(), facts, names: options });
  const plugin = readKubeletPlugin(options);
  if (options.print !== undefined) {
    await showRegistration(plugin, service.NodeGetInfo, options.print);
    return;
  }
  await logNames(machine, log);
  const services = {
    Identity: identityService(options.driverName, () => Promise.resolve(true)),
    Node: service,
  };
  const role: Role = { name: "node", services, listener };
  if (options.registerWithKubelet !== true) {
    await serveRole(role, options, metrics, log, stop);
    return;
  }
  const { whyNot, keep } = kubeletRegistration(plugin, service.NodeGetInfo, metrics, log, listener);
  await serveRole({ ...role, whyNotReady: whyNot, meanwhile: keep }, options, metrics, log, stop);
}

/** What is not known now may be later: nothing of it ends the start. */
async function logNames({ names }: Machine, log: Log): Promise<void> {
  try {
    log.info(await names(), "what Hyper-V calls this VM and its host");
  } catch (error) {
    log.warn({ err: error }, "Hyper-V's names of this VM can't be read");
  }
}
