import { Command, Option } from "commander";
import { startAgent } from "../agent/agent.ts";
import { declaredVm, thisMachine } from "../agent/hosts/local/vms.ts";
import type { Vm } from "../agent/hosts/host.ts";
import { readApiKey } from "../agent/rest/api-key.ts";
import { createLog } from "../kit/log.ts";
import { createMetrics } from "../kit/metrics.ts";
import { trimHeapAfterStart } from "../kit/trim-heap.ts";
import { collect } from "./operator/key-value.ts";
import { logLevelOption, maxVolumesOption, readGroupName, readVmId, type CommonOptions } from "./options.ts";
import { stopSignal, untilStopped } from "./until-stopped.ts";

interface Options extends CommonOptions {
  readonly listen: string;
  readonly apiKeyFile: string;
  readonly pool: readonly string[];
  readonly group: string;
  readonly vm: readonly string[];
  readonly maxVolumes: number;
}

export function agentCommand(): Command {
  return new Command("agent")
    .description("serve a host's volumes over REST")
    .option("--listen <host:port>", "address to listen on", "127.0.0.1:9810")
    .requiredOption("--api-key-file <file>", "file with the key that clients must send")
    .addOption(
      new Option("--pool <[name=]dir>", "directory where volumes live, more than once for several")
        .argParser(collect)
        .makeOptionMandatory(),
    )
    .requiredOption("--group <name>", "name of this host or cluster in volume handles and topology")
    .addOption(
      new Option("--vm <id[=name]>", "a VM of this host, more than once for several (default: this machine)")
        .argParser(collect)
        .default([], ""),
    )
    .addOption(maxVolumesOption())
    .addOption(logLevelOption())
    .action(runAgent);
}

async function runAgent(options: Options): Promise<void> {
  const log = await createLog(options.logLevel);
  const stop = stopSignal();
  const agent = await startAgent(
    {
      pools: options.pool.map((text) => {
        const [name = "", directory] = text.split("=", 2);
        return directory === undefined ? { name: "default", directory: name } : { name, directory };
      }),
      group: readGroupName(options.group),
      vms: options.vm.length === 0 ? [await thisMachine()] : options.vm.map(readVm),
      maxVolumesPerVm: options.maxVolumes,
      apiKey: await readApiKey(options.apiKeyFile),
      listen: options.listen,
      owner: "hyperv-csi agent",
    },
    createMetrics(),
    log,
  );
  trimHeapAfterStart();
  await untilStopped(stop);
  await agent.close();
}

function readVm(text: string): Vm {
  const [id = "", name] = text.split("=", 2);
  const vmId = readVmId("--vm", id);
  return declaredVm(vmId, name ?? vmId);
}
