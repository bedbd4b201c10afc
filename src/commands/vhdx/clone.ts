import { Command } from "commander";
import { cloneVhdx } from "../../vhdx/index.ts";
import { jsonOption, quietOption } from "./image-options.ts";
import { printJson } from "./json.ts";
import { progressBar } from "./progress-bar.ts";
import { exitCodes, runTool } from "./run-tool.ts";

interface Options {
  readonly id?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export function cloneCommand(): Command {
  return new Command("clone")
    .description("copy a disk to a new file with an id of its own, sharing space where the file system can")
    .argument("<source>", "nobody may write to it meanwhile")
    .argument("<target>", "a new file")
    .option("--id <guid>", "VirtualDiskId of the clone (default: a new one)")
    .addOption(jsonOption())
    .addOption(quietOption())
    .addHelpText("after", "\nExample:\n  $ hyperv-csi vhdx clone golden.vhdx web-1.vhdx")
    .action((source: string, target: string, options: Options) =>
      runTool(({ signal }) => clone(source, target, options, signal)),
    );
}

async function clone(source: string, target: string, options: Options, signal: AbortSignal): Promise<number> {
  const { onProgress, end } = progressBar(options.quiet ?? options.json ?? false);
  const id = options.id === undefined ? {} : { virtualDiskId: options.id };
  const { method, info } = await cloneVhdx(source, target, { ...id, signal, onProgress }).finally(end);
  if (options.json) printJson({ file: target, method, ...info });
  else process.stdout.write(`made ${target} by ${method}: ${info.virtualDiskId}\n`);
  return exitCodes.done;
}
