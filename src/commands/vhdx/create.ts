import { randomUUID } from "node:crypto";
import { Command, Option } from "commander";
import { formatSize } from "../../kit/sizes.ts";
import { createChild, createVhdx, type VhdxInfo } from "../../vhdx/index.ts";
import { helpText, sharedCodes } from "./help.ts";
import { imageDocument } from "./image-document.ts";
import { jsonOption } from "./image-options.ts";
import { about } from "./about.ts";
import { printJson, say } from "../terminal/output.ts";
import { requireRegularFile } from "./regular-file.ts";
import { exitCodes, runTool } from "../terminal/run-tool.ts";
import { readBlockSize, readSize } from "../terminal/size-option.ts";

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
    .argument("<file>", "a new file")
    .addOption(new Option("--type <type>", "kind of disk").choices(["dynamic", "fixed"]).default("dynamic"))
    .addOption(new Option("--size <size>", "what its user sees, e.g. 10G").argParser(readSize))
    .addOption(
      new Option(
        "--parent <file>",
        "make a differencing disk on top of this one, which must not change then",
      ).conflicts(["type", "sectorSize"]),
    )
    .addOption(
      new Option(
        "--block-size <size>",
        "a power of two from 1M to 256M (default: 32M for dynamic disks, else 2M)",
      ).argParser(readBlockSize),
    )
    .addOption(new Option("--sector-size <bytes>", "logical sectors").choices(["512", "4096"]).default("512"))
    .addOption(jsonOption())
    .addHelpText(
      "after",
      helpText(sharedCodes, [
        "create --size 100G disk.vhdx",
        "create --type fixed --size 10G fixed.vhdx",
        "create --parent disk.vhdx child.avhdx",
      ]),
    )
    .action((file: string, options: Options, command: Command) => {
      if (options.parent === undefined && options.size === undefined) {
        command.error("error: give --size 10G, or --parent disk.vhdx for a differencing disk");
      }
      return runTool(() => create(file, options));
    });
}

async function create(file: string, options: Options): Promise<number> {
  const info = await createFile(file, options);
  if (options.json) await printJson(await imageDocument(file, info));
  else await say(`created ${file}: ${info.type}, ${formatSize(info.virtualSize)}, ${info.virtualDiskId}`);
  return exitCodes.done;
}

async function createFile(file: string, options: Options): Promise<VhdxInfo> {
  const { parent, size, blockSize, type, sectorSize } = options;
  const block = blockSize === undefined ? {} : { blockSize };
  if (parent !== undefined) {
    await requireRegularFile(parent);
    return about(parent, () =>
      createChild(file, parent, { ...block, ...(size === undefined ? {} : { size }) }),
    );
  }
  return createVhdx(file, {
    ...block,
    type,
    size: size ?? 0n,
    virtualDiskId: randomUUID(),
    logicalSectorSize: sectorSize === "512" ? 512 : 4096,
  });
}
