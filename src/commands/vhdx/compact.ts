import { Command } from "commander";
import { formatSize } from "../../kit/sizes.ts";
import { compactVhdx } from "../../vhdx/index.ts";
import { helpText, sharedCodes } from "./help.ts";
import { sizeOnDisk } from "./image-document.ts";
import { jsonOption, type OutputOptions, quietOption, wantsBar } from "./image-options.ts";
import { about } from "./about.ts";
import { printJson, say } from "../terminal/output.ts";
import { withProgressBar } from "../terminal/progress-bar.ts";
import { exitCodes, runTool } from "../terminal/run-tool.ts";
import { whileUnused } from "./safe-to-write.ts";

export function compactCommand(): Command {
  return new Command("compact")
    .description("make a file as short as its data allows; what the disk holds does not change")
    .argument("<file>", "nobody may have it open")
    .addOption(jsonOption())
    .addOption(quietOption())
    .addHelpText("after", helpText(sharedCodes, ["compact disk.vhdx", "compact --json disk.vhdx"]))
    .action((file: string, options: OutputOptions) =>
      runTool((signal) => whileUnused(file, () => compact(file, options, signal))),
    );
}

async function compact(file: string, options: OutputOptions, signal: AbortSignal): Promise<number> {
  const sizeOnDiskBefore = await sizeOnDisk(file);
  const report = await withProgressBar(wantsBar(options), (onProgress) =>
    about(file, () => compactVhdx(file, { signal, onProgress })),
  );
  const { sizeBefore, sizeAfter, blocksFreed, blocksMoved } = report;
  const sizeOnDiskAfter = await sizeOnDisk(file);
  if (options.json) {
    await printJson({
      file,
      sizeBefore,
      sizeAfter,
      sizeOnDiskBefore,
      sizeOnDiskAfter,
      blocksFreed,
      blocksMoved,
    });
  } else {
    const fileSizes = `file size ${formatSize(sizeBefore)} to ${formatSize(sizeAfter)}`;
    const diskSizes = `size on disk ${formatSize(sizeOnDiskBefore)} to ${formatSize(sizeOnDiskAfter)}`;
    await say(
      `${file}: ${fileSizes}, ${diskSizes}; blocks of zeros freed: ${blocksFreed}, moved: ${blocksMoved}`,
    );
  }
  return exitCodes.done;
}
