import { Command } from "commander";
import { formatSize } from "../../kit/sizes.ts";
import { inspectVhdx, resizeVhdx } from "../../vhdx/index.ts";
import { helpText, sharedCodes } from "./help.ts";
import { imageDocument } from "./image-document.ts";
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
import { exitCodes, runTool } from "../terminal/run-tool.ts";
import { whileUnused } from "./safe-to-write.ts";
import { readSize } from "../terminal/size-option.ts";

export function resizeCommand(): Command {
  return new Command("resize")
    .description("grow a disk, or shrink it when its end holds no data")
    .argument("<file>", "nobody may have it open, and no other disk may have it as its parent")
    .argument("<size>", "its new size, e.g. 20G", readSize)
    .addOption(parentDirOption())
    .addOption(jsonOption())
    .addOption(quietOption())
    .addHelpText(
      "after",
      helpText(sharedCodes, ["resize disk.vhdx 200G", "resize --parent-dir /srv/golden child.avhdx 1T"]),
    )
    .action((file: string, size: bigint, options: ImageOptions) =>
      runTool((signal) => whileUnused(file, () => resize(file, size, options, signal))),
    );
}

async function resize(
  file: string,
  size: bigint,
  options: ImageOptions,
  signal: AbortSignal,
): Promise<number> {
  const resolveParent = parentsFor(file, options);
  await withProgressBar(wantsBar(options), (onProgress) =>
    about(file, () => resizeVhdx(file, size, { resolveParent, signal, onProgress })),
  );
  if (options.json) await printJson(await imageDocument(file, await inspectVhdx(file)));
  else await say(`${file} has ${formatSize(size)} (${size} bytes)`);
  return exitCodes.done;
}
