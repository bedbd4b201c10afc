import { Command, Option } from "commander";
import { convertDisk, type DiskFormat, looksLikeVhdx } from "../../vhdx/index.ts";
import { type ImageOptions, jsonOption, parentDirOption, parentsFor, quietOption } from "./image-options.ts";
import { printJson } from "./json.ts";
import { progressBar } from "./progress-bar.ts";
import { exitCodes, runTool } from "./run-tool.ts";
import { readBlockSize } from "./size-option.ts";

interface Options extends ImageOptions {
  readonly from?: "vhdx" | "raw";
  readonly to: DiskFormat;
  readonly blockSize?: number;
}

export function convertCommand(): Command {
  return new Command("convert")
    .description("write a disk to a new file in another format; a differencing disk is flattened")
    .argument("<source>")
    .argument("<target>", "a new file")
    .addOption(
      new Option("--from <format>", "format of the source (default: vhdx when it has the signature)").choices(
        ["vhdx", "raw"],
      ),
    )
    .addOption(
      new Option("--to <format>", "format of the target")
        .choices(["raw", "dynamic", "fixed"])
        .makeOptionMandatory(),
    )
    .addOption(new Option("--block-size <size>", "of the target, 1M to 256M").argParser(readBlockSize))
    .addOption(parentDirOption())
    .addOption(jsonOption())
    .addOption(quietOption())
    .addHelpText(
      "after",
      `
Examples:
  $ hyperv-csi vhdx convert --to raw disk.vhdx disk.raw
  $ hyperv-csi vhdx convert --from raw --to dynamic disk.raw disk.vhdx
  $ hyperv-csi vhdx convert --to dynamic snapshot.avhdx flat.vhdx`,
    )
    .action((source: string, target: string, options: Options) =>
      runTool(({ signal }) => convert(source, target, options, signal)),
    );
}

async function convert(
  source: string,
  target: string,
  options: Options,
  signal: AbortSignal,
): Promise<number> {
  const { to, blockSize } = options;
  // Whatever is no VHDX could be raw: that is for the user to say.
  const from = options.from ?? ((await looksLikeVhdx(source)) ? "vhdx" : undefined);
  if (from === undefined)
    throw new Error(`${source} is no VHDX file; if its bytes are the disk, say --from raw`);
  const { onProgress, end } = progressBar(options.quiet ?? options.json ?? false);
  try {
    await convertDisk(source, target, {
      from,
      to,
      ...(blockSize === undefined ? {} : { blockSize }),
      resolveParent: parentsFor(source, options),
      signal,
      onProgress,
    });
  } finally {
    end();
  }
  if (options.json) printJson({ file: target, format: to });
  else process.stdout.write(`wrote ${target}\n`);
  return exitCodes.done;
}
