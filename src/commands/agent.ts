import { Command, Option } from "commander";
import { startAgent } from "../agent/agent.ts";
import { agentSettings } from "../agent/config/agent-settings.ts";
import { createLog } from "../kit/log.ts";
import { createMetrics } from "../kit/metrics.ts";
import { trimHeapAfterStart } from "../kit/trim-heap.ts";
import { configKeys, effectiveConfig } from "./agent/effective-config.ts";
import { optionOf } from "./agent/flags.ts";
import { checkMigrationCommand } from "./agent/migration/check-migration.ts";
import { configText } from "./agent/print-config.ts";
import { waitReadyCommand } from "./agent/wait-ready.ts";
import { windowsPlanCommands } from "./agent/windows-plans.ts";
import { stopSignal, stopSignalOrEndOfInput, untilStopped } from "./until-stopped.ts";

export function agentCommand(): Command {
  const command = new Command("agent")
    .description("serve a host's volumes over REST")
    .addOption(
      new Option("--config <file>", "YAML file of settings; the environment and options go before it").env(
        "HYPERV_CSI_AGENT_CONFIG",
      ),
    );
  for (const key of configKeys) command.addOption(optionOf(key));
  // Its own options come before the name of another command below it.
  command.enablePositionalOptions();
  for (const below of [checkMigrationCommand(), waitReadyCommand(), ...windowsPlanCommands()])
    command.addCommand(below);
  return command
    .option("--stop-on-stdin-end", "stop also when standard input ends, as a service's host asks on Windows")
    .option("--print-config", "print the settings with where each comes from, and exit")
    .addHelpText(
      "after",
      `
Examples:
  hyperv-csi agent --api-key-file api.key --pool /srv/volumes --group host-1
  hyperv-csi agent --config agent.yaml --print-config
`,
    )
    .action(runAgent);
}

interface AgentOptions {
  readonly config?: string;
  readonly stopOnStdinEnd?: true;
  readonly printConfig?: true;
}

async function runAgent(options: AgentOptions, command: Command): Promise<void> {
  const effective = await effectiveConfig(command, options.config);
  if (options.printConfig === true) {
    process.stdout.write(configText(effective));
    return;
  }
  const { config } = effective;
  const log = await createLog(config.logLevel);
  const stop = options.stopOnStdinEnd === true ? stopSignalOrEndOfInput() : stopSignal();
  const agent = await startAgent(await agentSettings(config, "hyperv-csi agent"), createMetrics(), log);
  trimHeapAfterStart();
  await untilStopped(stop);
  log.info("agent stops: running work comes to its end first");
  await agent.close();
}
