import { Command } from "commander";
import { mapDisk, withReadableDisk } from "../../vhdx/index.ts";
import { type ImageOptions, jsonOption, parentDirOption, parentsFor } from "./image-options.ts";
import { printJsonArray, write } from "./json.ts";
import { exitCodes, runTool } from "./run-tool.ts";

export function mapCommand(): Command {
  return new Command("map")
    .description("list the stretches of a disk that hold data, and where")
    .argument("<file>")
    .addOption(parentDirOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nDepth 0 is the file itself, 1 its parent, and so on. All numbers are bytes.\n\nExample:\n  $ hyperv-csi vhdx map --json disk.vhdx",
    )
    .action((file: string, options: ImageOptions) => runTool(({ signal }) => map(file, options, signal)));
}

function map(file: string, options: ImageOptions, signal: AbortSignal): Promise<number> {
  return withReadableDisk(file, { resolveParent: parentsFor(file, options), signal }, async (disk) => {
    const extents = mapDisk(disk, { signal });
    if (options.json) await printJsonArray(extents);
    else {
      // The list may be long: columns have the width of the largest disk.
      await write(
        `${"OFFSET".padStart(14)}  ${"LENGTH".padStart(14)}  DEPTH  ${"FILE OFFSET".padStart(14)}\n`,
      );
      for await (const { offset, length, depth, fileOffset } of extents) {
        const cells = [`${offset}`.padStart(14), `${length}`.padStart(14), `${depth}`.padStart(5)];
        await write(`${cells.join("  ")}  ${`${fileOffset}`.padStart(14)}\n`);
      }
    }
    return exitCodes.done;
  });
}
