import { Command, Option } from "commander";
import parseDuration from "parse-duration";
import { observeAgents } from "../controller/agent-metrics.ts";
import { controllerService } from "../controller/controller.ts";
import { followAgents } from "../controller/follow-agents.ts";
import { groupControllerService } from "../controller/group/group-controller.ts";
import { snapshotMetadataService } from "../controller/metadata/snapshot-metadata.ts";
import { identityService } from "../csi/identity.ts";
import { StatusError } from "../kit/errors.ts";
import { createLog } from "../kit/log.ts";
import { createMetrics } from "../kit/metrics.ts";
import { driverOptions, type DriverOptions } from "./options.ts";
import { serveRole } from "./serve-role.ts";
import { stopSignal } from "./until-stopped.ts";

interface Options extends DriverOptions {
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
      ).argParser(readTime),
    );
  for (const option of driverOptions()) command.addOption(option);
  return command.action(runController);
}

async function runController(options: Options): Promise<void> {
  const log = await createLog(options.logLevel);
  const metrics = createMetrics();
  const stop = stopSignal();
  const agents = await followAgents(options.agents, log);
  const { groups } = agents;
  observeAgents(groups, metrics.registry);
  const services = {
    Identity: identityService(options.driverName, () => Promise.resolve(true)),
    Controller: controllerService({ groups, names: options, lastKnownMs: options.serveLastKnown }),
    GroupController: groupControllerService({ groups, names: options }),
    SnapshotMetadata: snapshotMetadataService({ groups, names: options }),
  };
  try {
    await serveRole({ name: "controller", services }, options, metrics, log, stop);
  } finally {
    await agents.close();
  }
}

/** Milliseconds. */
function readTime(text: string): number {
  const ms = /^\s*-/.test(text) ? null : parseDuration(text);
  if (ms !== null && ms > 0) return ms;
  throw new StatusError("INVALID_ARGUMENT", `--serve-last-known ${text} is not a time such as 90s or 10m`);
}
