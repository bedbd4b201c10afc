import { Command, Option } from "commander";
import { cloneVhdx } from "../../vhdx/index.ts";
import { helpText, sharedCodes } from "./help.ts";
import { imageDocument } from "./image-document.ts";
import { jsonOption, type OutputOptions, quietOption, readGuid, wantsBar } from "./image-options.ts";
import { about } from "./about.ts";
import { printJson, say } from "../terminal/output.ts";
import { withProgressBar } from "../terminal/progress-bar.ts";
import { requireRegularFile } from "./regular-file.ts";
import { exitCodes, runTool } from "../terminal/run-tool.ts";

interface Options extends OutputOptions {
  readonly id?: string;
}

export function cloneCommand(): Command {
  return new Command("clone")
    .description("copy a disk to a new file with an id of its own, sharing space where the file system can")
    .argument("<source>", "nobody may write to it meanwhile")
    .argument("<target>", "a new file")
    .addOption(
      new Option("--id <guid>", "VirtualDiskId of the clone (default: a new one)").argParser(readGuid),
    )
    .addOption(jsonOption())
    .addOption(quietOption())
    .addHelpText(
      "after",
      helpText(sharedCodes, ["clone golden.vhdx web-1.vhdx", "clone --json golden.vhdx web-2.vhdx"]),
    )
    .action((source: string, target: string, options: Options) =>
      runTool((signal) => clone(source, target, options, signal)),
    );
}

async function clone(source: string, target: string, options: Options, signal: AbortSignal): Promise<number> {
  await requireRegularFile(source);
  const id = options.id === undefined ? {} : { virtualDiskId: options.id };
  const { method, info } = await withProgressBar(wantsBar(options), (onProgress) =>
    about(source, () => cloneVhdx(source, target, { ...id, signal, onProgress })),
  );
  if (options.json) await printJson({ method, ...(await imageDocument(target, info)) });
  else await say(`made ${target} by ${method}: ${info.virtualDiskId}`);
  return exitCodes.done;
}
