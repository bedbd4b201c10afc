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
import { exitCodes } from "./vhdx/run-tool.ts";

/** Work on VHDX files, without a Hyper-V host. */
export function vhdxCommand(): Command {
  const vhdx = new Command("vhdx")
    .description("inspect, check, make and change VHDX files")
    .addHelpText(
      "after",
      "\nExit codes: 0 done, 1 failure, 2 bad usage, 130 interrupted; check and diff have more.",
    );
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
  for (const command of commands) vhdx.addCommand(command);
  for (const command of [vhdx, ...commands]) {
    command.showHelpAfterError("(add --help for the options)").exitOverride(({ exitCode }) => {
      process.exit(exitCode === 0 ? exitCodes.done : exitCodes.usage);
    });
  }
  return vhdx;
}
