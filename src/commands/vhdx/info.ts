import { Command } from "commander";
import { formatSize } from "../../kit/sizes.ts";
import { inspectVhdx } from "../../vhdx/index.ts";
import { helpText, sharedCodes } from "./help.ts";
import { type ImageDocument, imageDocument } from "./image-document.ts";
import { jsonOption, type OutputOptions } from "./image-options.ts";
import { about } from "./about.ts";
import { print, printJson } from "../terminal/output.ts";
import { requireRegularFile } from "./regular-file.ts";
import { exitCodes, runTool } from "../terminal/run-tool.ts";
import { formatFields } from "../terminal/table.ts";

export function infoCommand(): Command {
  return new Command("info")
    .description("tell what a VHDX file is")
    .argument("<file>")
    .addOption(jsonOption())
    .addHelpText("after", helpText(sharedCodes, ["info disk.vhdx", "info --json disk.vhdx"]))
    .action((file: string, options: OutputOptions) => runTool(() => info(file, options)));
}

async function info(file: string, { json }: OutputOptions): Promise<number> {
  await requireRegularFile(file);
  const image = await imageDocument(file, await about(file, () => inspectVhdx(file)));
  if (json) await printJson(image);
  else await print(formatFields([...imageFields(image), ...parentFields(image)]));
  return exitCodes.done;
}

function imageFields(image: ImageDocument): [string, string][] {
  const { payloadOffset, logicalSectorSize, physicalSectorSize } = image;
  return [
    ["file", image.file],
    ["type", image.type],
    ["virtual size", exactSize(image.virtualSize)],
    ["file size", exactSize(image.fileSize)],
    ["size on disk", exactSize(image.sizeOnDisk)],
    ["can grow in place to", exactSize(image.maximumSize)],
    ["block size", formatSize(BigInt(image.blockSize))],
    ["sectors", `${logicalSectorSize} bytes logical, ${physicalSectorSize} bytes physical`],
    ["virtual disk id", image.virtualDiskId],
    ["SCSI page 83", image.page83],
    ["data write GUID", image.dataWriteGuid],
    ["file write GUID", image.fileWriteGuid],
    ["creator", image.creator],
    ["log", image.logReplayPending ? "must be replayed; check --repair does" : "nothing pending"],
    ["payload", payloadOffset === null ? "not one stretch of the file" : `from byte ${payloadOffset} on`],
  ];
}

function parentFields({ parentLocator }: ImageDocument): [string, string][] {
  if (parentLocator === null) return [];
  const fields: [string, string | null][] = [
    ["parent's data write GUID", parentLocator.linkage],
    ["or, after a merge", parentLocator.linkage2],
    ["parent, relative", parentLocator.relativePath],
    ["parent, volume", parentLocator.volumePath],
    ["parent, absolute", parentLocator.absolutePath],
  ];
  return fields.flatMap(([name, value]): [string, string][] => (value === null ? [] : [[name, value]]));
}

function exactSize(bytes: bigint): string {
  return `${formatSize(bytes)} (${bytes} bytes)`;
}
