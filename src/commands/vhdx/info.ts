import { stat } from "node:fs/promises";
import { Command } from "commander";
import { formatSize } from "../../kit/sizes.ts";
import { inspectVhdx, scsiPage83 } from "../../vhdx/index.ts";
import { jsonOption } from "./image-options.ts";
import { printJson } from "./json.ts";
import { exitCodes, runTool } from "./run-tool.ts";
import { formatFields } from "./table.ts";

export function infoCommand(): Command {
  return new Command("info")
    .description("tell what a VHDX file is")
    .argument("<file>")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExamples:\n  $ hyperv-csi vhdx info disk.vhdx\n  $ hyperv-csi vhdx info --json disk.vhdx",
    )
    .action((file: string, options: { json?: boolean }) => runTool(() => info(file, options)));
}

async function info(file: string, { json }: { json?: boolean }): Promise<number> {
  const { parentLocator, ...facts } = await inspectVhdx(file);
  const { blocks } = await stat(file, { bigint: true });
  const all = {
    file,
    ...facts,
    page83: scsiPage83(facts.virtualDiskId),
    sizeOnDisk: blocks * 512n,
    parentLocator,
  };
  if (json) {
    printJson(all);
    return exitCodes.done;
  }
  const exact = (bytes: bigint) => `${formatSize(bytes)} (${bytes} bytes)`;
  const fields: [string, string][] = [
    ["file", file],
    ["type", all.type],
    ["virtual size", exact(all.virtualSize)],
    ["file size", exact(all.fileSize)],
    ["size on disk", exact(all.sizeOnDisk)],
    ["block size", formatSize(BigInt(all.blockSize))],
    ["sectors", `${all.logicalSectorSize} bytes logical, ${all.physicalSectorSize} physical`],
    ["virtual disk id", all.virtualDiskId],
    ["SCSI page 83", all.page83],
    ["data write GUID", all.dataWriteGuid],
    ["creator", all.creator],
    ["log", all.logReplayPending ? "must be replayed" : "empty"],
    ["payload offset", all.payloadOffset === undefined ? "not in one stretch" : `${all.payloadOffset}`],
    ["block table is enough for", formatSize(all.maximumSize)],
  ];
  if (parentLocator) {
    fields.push(["parent's data write GUID", parentLocator.linkage]);
    const { relativePath, volumePath, absolutePath } = parentLocator;
    if (relativePath !== undefined) fields.push(["parent, relative", relativePath]);
    if (volumePath !== undefined) fields.push(["parent, volume", volumePath]);
    if (absolutePath !== undefined) fields.push(["parent, absolute", absolutePath]);
  }
  process.stdout.write(formatFields(fields));
  return exitCodes.done;
}
