import { Command } from "commander";
import { checkCommand } from "./vhdx/check.ts";
import { cloneCommand } from "./vhdx/clone.ts";
import { compactCommand } from "./vhdx/compact.ts";
import { convertCommand } from "./vhdx/convert.ts";
import { createCommand } from "./vhdx/create.ts";
import { diffCommand } from "./vhdx/diff.ts";
import { infoCommand } from "./vhdx/info.ts";
import { mapCommand } from "./vhdx/map.ts";
import { resizeCommand } from "./vhdx/resize.ts";
import { endOnBadUsage } from "./terminal/bad-usage.ts";

const notes = `
Sizes are bytes, or K, M, G or T of them: 512M, 10GiB. A command that changes a file refuses one that a loop device or a
running agent has. No file is ever overwritten.

Exit codes: 0 done, 1 failure, 2 bad usage, 130 interrupted; check and diff have more.`;

/** Work on VHDX files, without a Hyper-V host. */
export function vhdxCommand(): Command {
  const vhdx = new Command("vhdx")
    .description("inspect, check, make and change VHDX files")
    .addHelpText("after", notes);
  const commands = [
    infoCommand(),
    checkCommand(),
    createCommand(),
    resizeCommand(),
    convertCommand(),
    cloneCommand(),
    compactCommand(),
    mapCommand(),
    diffCommand(),
  ];
  for (const command of commands) vhdx.addCommand(endOnBadUsage(command));
  return endOnBadUsage(vhdx);
}
