import { Command } from "commander";
import { formatSize } from "../../kit/sizes.ts";
import { compactVhdx } from "../../vhdx/index.ts";
import { jsonOption, quietOption } from "./image-options.ts";
import { printJson } from "./json.ts";
import { progressBar } from "./progress-bar.ts";
import { exitCodes, runTool } from "./run-tool.ts";
import { whileUnused } from "./safe-to-write.ts";

interface Options {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export function compactCommand(): Command {
  return new Command("compact")
    .description("make a file as short as its data allows; what the disk holds does not change")
    .argument("<file>", "nobody may have it open")
    .addOption(jsonOption())
    .addOption(quietOption())
    .addHelpText("after", "\nExample:\n  $ hyperv-csi vhdx compact disk.vhdx")
    .action((file: string, options: Options) =>
      runTool(({ signal }) => whileUnused(file, () => compact(file, options, signal))),
    );
}

async function compact(file: string, options: Options, signal: AbortSignal): Promise<number> {
  const { onProgress, end } = progressBar(options.quiet ?? options.json ?? false);
  const report = await compactVhdx(file, { signal, onProgress }).finally(end);
  if (options.json) {
    printJson({ file, ...report });
    return exitCodes.done;
  }
  const { sizeBefore, sizeAfter, blocksFreed, blocksMoved } = report;
  process.stdout.write(
    `${file}: ${formatSize(sizeBefore)} to ${formatSize(sizeAfter)}, ${blocksFreed} blocks of zeros freed, ${blocksMoved} moved\n`,
  );
  return exitCodes.done;
}
