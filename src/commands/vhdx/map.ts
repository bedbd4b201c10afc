import { Command } from "commander";
import { type AllocatedExtent, mapDisk, withReadableDisk } from "../../vhdx/index.ts";
import { helpText, sharedCodes } from "./help.ts";
import { type ImageOptions, jsonOption, parentDirOption, parentsFor } from "./image-options.ts";
import { about } from "./about.ts";
import { jsonArray, printLines } from "../terminal/output.ts";
import { requireRegularFile } from "./regular-file.ts";
import { exitCodes, runTool } from "../terminal/run-tool.ts";
import { formatRow } from "../terminal/table.ts";

const notes = `Depth 0 is the file itself, 1 its parent, and so on. All other numbers are bytes.
${sharedCodes}`;

export function mapCommand(): Command {
  return new Command("map")
    .description("list the stretches of a disk that hold data, and where")
    .argument("<file>")
    .addOption(parentDirOption())
    .addOption(jsonOption())
    .addHelpText("after", helpText(notes, ["map disk.vhdx", "map --json --parent-dir /srv child.avhdx"]))
    .action((file: string, options: ImageOptions) => runTool((signal) => map(file, options, signal)));
}

async function map(file: string, options: ImageOptions, signal: AbortSignal): Promise<number> {
  await requireRegularFile(file);
  const opening = { resolveParent: parentsFor(file, options), signal };
  await about(file, () =>
    withReadableDisk(file, opening, (disk) => {
      const extents = mapDisk(disk, { signal });
      return printLines(options.json ? jsonArray(extents) : tableRows(extents));
    }),
  );
  return exitCodes.done;
}

async function* tableRows(extents: AsyncIterable<AllocatedExtent>): AsyncGenerator<string, void, undefined> {
  yield formatRow(["OFFSET", "LENGTH", "DEPTH", "FILE OFFSET"]);
  for await (const { offset, length, depth, fileOffset } of extents) {
    yield formatRow([offset, length, depth, fileOffset]);
  }
}
