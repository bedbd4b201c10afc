import { stat } from "node:fs/promises";
import { Command, Option } from "commander";
import { convertDisk, type DiskFormat, inspectVhdx, looksLikeVhdx } from "../../vhdx/index.ts";
import { helpText, sharedCodes } from "./help.ts";
import { imageDocument, sizeOnDisk } from "./image-document.ts";
import {
  type ImageOptions,
  jsonOption,
  parentDirOption,
  parentsFor,
  quietOption,
  wantsBar,
} from "./image-options.ts";
import { about } from "./about.ts";
import { printJson, say } from "../terminal/output.ts";
import { withProgressBar } from "../terminal/progress-bar.ts";
import { requireRegularFile } from "./regular-file.ts";
import { exitCodes, runTool } from "../terminal/run-tool.ts";
import { readBlockSize } from "../terminal/size-option.ts";

interface Options extends ImageOptions {
  readonly from?: "vhdx" | "raw";
  readonly to: DiskFormat;
  readonly blockSize?: number;
}

export function convertCommand(): Command {
  return new Command("convert")
    .description("write a disk to a new file in another format; a differencing disk is flattened")
    .argument("<source>", "nobody may write to it meanwhile")
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
    .addOption(
      new Option(
        "--block-size <size>",
        "of the target, a power of two from 1M to 256M (default: 32M for dynamic disks, else 2M)",
      ).argParser(readBlockSize),
    )
    .addOption(parentDirOption())
    .addOption(jsonOption())
    .addOption(quietOption())
    .addHelpText(
      "after",
      helpText(sharedCodes, [
        "convert --to raw disk.vhdx disk.raw",
        "convert --from raw --to dynamic disk.raw disk.vhdx",
        "convert --to dynamic child.avhdx flat.vhdx",
      ]),
    )
    .action((source: string, target: string, options: Options, command: Command) => {
      if (options.to === "raw" && options.blockSize !== undefined) {
        command.error("error: --block-size is for --to dynamic and --to fixed; a raw disk has no blocks");
      }
      return runTool((signal) => convert(source, target, options, signal));
    });
}

async function convert(
  source: string,
  target: string,
  options: Options,
  signal: AbortSignal,
): Promise<number> {
  await requireRegularFile(source);
  const from = options.from ?? (await formatOf(source));
  if (from === "raw") await requireContent(source);
  const { to, blockSize } = options;
  await withProgressBar(wantsBar(options), (onProgress) =>
    about(source, () =>
      convertDisk(source, target, {
        from,
        to,
        ...(blockSize === undefined ? {} : { blockSize }),
        resolveParent: parentsFor(source, options),
        signal,
        onProgress,
      }),
    ),
  );
  if (options.json) await printJson(await targetDocument(target, to));
  else await say(`wrote ${target}`);
  return exitCodes.done;
}

/** Whatever is no VHDX could be raw: that is for the user to say. */
async function formatOf(source: string): Promise<"vhdx"> {
  if (await looksLikeVhdx(source)) return "vhdx";
  throw new Error(`${source} is no VHDX file; if its bytes are the disk, say --from raw`);
}

async function requireContent(source: string): Promise<void> {
  if ((await stat(source)).size === 0) throw new Error(`${source} is empty: no disk has 0 bytes`);
}

async function targetDocument(target: string, to: DiskFormat) {
  if (to !== "raw") return imageDocument(target, await inspectVhdx(target));
  const { size } = await stat(target);
  return {
    file: target,
    type: "raw",
    virtualSize: size,
    fileSize: size,
    sizeOnDisk: await sizeOnDisk(target),
  };
}
