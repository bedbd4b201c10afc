import { Command } from "commander";
import { formatSize } from "../../kit/sizes.ts";
import { resizeVhdx } from "../../vhdx/index.ts";
import { type ImageOptions, jsonOption, parentDirOption, parentsFor, quietOption } from "./image-options.ts";
import { printJson } from "./json.ts";
import { progressBar } from "./progress-bar.ts";
import { exitCodes, runTool } from "./run-tool.ts";
import { whileUnused } from "./safe-to-write.ts";
import { readSize } from "./size-option.ts";

export function resizeCommand(): Command {
  return new Command("resize")
    .description("grow a disk, or shrink it when its end holds no data")
    .argument("<file>", "nobody may have it open")
    .argument("<size>", "its new size, e.g. 20G", readSize)
    .addOption(parentDirOption())
    .addOption(jsonOption())
    .addOption(quietOption())
    .addHelpText("after", "\nExample:\n  $ hyperv-csi vhdx resize disk.vhdx 200G")
    .action((file: string, size: bigint, options: ImageOptions) =>
      runTool(({ signal }) => whileUnused(file, () => resize(file, size, options, signal))),
    );
}

async function resize(
  file: string,
  size: bigint,
  options: ImageOptions,
  signal: AbortSignal,
): Promise<number> {
  const { onProgress, end } = progressBar(options.quiet ?? options.json ?? false);
  try {
    await resizeVhdx(file, size, { resolveParent: parentsFor(file, options), signal, onProgress });
  } finally {
    end();
  }
  if (options.json) printJson({ file, virtualSize: size });
  else process.stdout.write(`${file} has ${formatSize(size)} (${size} bytes)\n`);
  return exitCodes.done;
}
