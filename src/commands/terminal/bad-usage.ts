import type { Command } from "commander";
import { exitCodes } from "./run-tool.ts";

/** Bad arguments end the program with the exit code that says so. */
export function endOnBadUsage(command: Command): Command {
  return command.showHelpAfterError("(add --help for the options)").exitOverride(({ exitCode }) => {
    process.exit(exitCode === 0 ? exitCodes.done : exitCodes.usage);
  });
}
