import { randomUUID } from "node:crypto";
import { Command, Option } from "commander";
import { formatSize } from "../../kit/sizes.ts";
import { createChild, createVhdx, type VhdxInfo } from "../../vhdx/index.ts";
import { jsonOption } from "./image-options.ts";
import { printJson } from "./json.ts";
import { exitCodes, runTool } from "./run-tool.ts";
import { readBlockSize, readSize } from "./size-option.ts";

interface Options {
  readonly type: "fixed" | "dynamic";
  readonly size?: bigint;
  readonly parent?: string;
  readonly blockSize?: number;
  readonly sectorSize: "512" | "4096";
  readonly json?: boolean;
}

export function createCommand(): Command {
  return new Command("create")
    .description("create an empty VHDX file, or a differencing one on top of another")
    .argument("<file>")
    .addOption(new Option("--type <type>", "kind of disk").choices(["dynamic", "fixed"]).default("dynamic"))
    .addOption(new Option("--size <size>", "what its user sees, e.g. 10G").argParser(readSize))
    .addOption(new Option("--parent <file>", "make a differencing disk on top of this one").conflicts("type"))
    .addOption(new Option("--block-size <size>", "1M to 256M, a power of two").argParser(readBlockSize))
    .addOption(new Option("--sector-size <bytes>", "logical sectors").choices(["512", "4096"]).default("512"))
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  $ hyperv-csi vhdx create --size 100G disk.vhdx
  $ hyperv-csi vhdx create --type fixed --size 10G fixed.vhdx
  $ hyperv-csi vhdx create --parent disk.vhdx child.avhdx`,
    )
    .action((file: string, options: Options, command: Command) =>
      runTool(({ signal }) => create(file, options, command, signal)),
    );
}

async function create(
  file: string,
  options: Options,
  command: Command,
  signal: AbortSignal,
): Promise<number> {
  if (options.parent === undefined && options.size === undefined) {
    command.error("error: give --size, or --parent for a differencing disk", { exitCode: exitCodes.usage });
  }
  const info = await createFile(file, options, signal);
  if (options.json) printJson({ file, ...info });
  else
    process.stdout.write(
      `created ${file}: ${info.type}, ${formatSize(info.virtualSize)}, ${info.virtualDiskId}\n`,
    );
  return exitCodes.done;
}

function createFile(file: string, options: Options, signal: AbortSignal): Promise<VhdxInfo> {
  const { parent, size, type, sectorSize } = options;
  const block = options.blockSize === undefined ? {} : { blockSize: options.blockSize };
  if (parent !== undefined) {
    return createChild(file, parent, { ...block, ...(size === undefined ? {} : { size }), signal });
  }
  const logicalSectorSize = sectorSize === "512" ? 512 : 4096;
  const disk = { ...block, type, size: size ?? 0n, virtualDiskId: randomUUID(), logicalSectorSize } as const;
  return createVhdx(file, disk, signal);
}
