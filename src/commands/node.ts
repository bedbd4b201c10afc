import { Command } from "commander";
import { identityService } from "../csi/identity.ts";
import { KeyedLocks } from "../kit/locks.ts";
import { createLog } from "../kit/log.ts";
import { createMetrics } from "../kit/metrics.ts";
import { linuxGuest } from "../node/linux/linux-guest.ts";
import { thisVm } from "../node/linux/this-vm.ts";
import { nodeService } from "../node/node.ts";
import { kubeletRegistration } from "../node/registration/keep-registered.ts";
import {
  readKubeletPlugin,
  registrationOptions,
  type RegistrationOptions,
} from "./node/registration-options.ts";
import { showRegistration } from "./node/show-registration.ts";
import { driverOptions, maxVolumesOption, readGroupName, readVmId, type DriverOptions } from "./options.ts";
import { serveRole, type Role } from "./serve-role.ts";
import { stopSignal } from "./until-stopped.ts";

interface Options extends DriverOptions, RegistrationOptions {
  readonly endpoint: string;
  readonly nodeId: string;
  readonly group: string;
  readonly maxVolumes: number;
}

export function nodeCommand(): Command {
  const command = new Command("node")
    .description("serve the CSI Identity and Node services inside a VM")
    .requiredOption("--endpoint <unix://path>", "socket to serve CSI on")
    .requiredOption("--node-id <id>", "id of this VM (a GUID), as its host knows it")
    .requiredOption("--group <name>", "group of this VM's host")
    .addOption(maxVolumesOption());
  for (const option of [...registrationOptions(), ...driverOptions()]) command.addOption(option);
  return command.action(runNode);
}

async function runNode(options: Options): Promise<void> {
  const log = await createLog(options.logLevel);
  const metrics = createMetrics();
  const stop = stopSignal();
  const nodeId = readVmId("--node-id", options.nodeId);
  const service = nodeService({
    guest: linuxGuest(thisVm(nodeId)),
    locks: new KeyedLocks(),
    nodeId,
    group: readGroupName(options.group),
    maxVolumes: options.maxVolumes,
    names: options,
  });
  const plugin = readKubeletPlugin(options);
  if (options.print !== undefined) {
    await showRegistration(plugin, service.NodeGetInfo, options.print);
    return;
  }
  const services = {
    Identity: identityService(options.driverName, () => Promise.resolve(true)),
    Node: service,
  };
  const role: Role = { name: "node", services };
  if (options.registerWithKubelet !== true) {
    await serveRole(role, options, metrics, log, stop);
    return;
  }
  const { whyNot, keep } = kubeletRegistration(plugin, service.NodeGetInfo, metrics, log);
  await serveRole({ ...role, whyNotReady: whyNot, meanwhile: keep }, options, metrics, log, stop);
}
