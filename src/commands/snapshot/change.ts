import { Command } from "commander";
import { operatorCommand } from "../operator/command.ts";
import { deletingCommand } from "../operator/deleting-command.ts";
import { follow } from "../operator/follow.ts";
import { type FormatOptions, formatOption, printItem } from "../operator/format.ts";
import { helpText, sharedCodes } from "../operator/help.ts";
import { collectPair } from "../operator/key-value.ts";
import { snapshotIdOf, volumeIdOf } from "../operator/names.ts";
import { exitCodes } from "../terminal/run-tool.ts";
import { snapshotColumns } from "./columns.ts";

export function createCommand(): Command {
  const command = new Command("create")
    .description("cut what a volume holds now; the same command again finds it")
    .argument("<volume>", "id or name")
    .argument("<name>", "of the snapshot")
    .option("--label <key=value>", "more than once for several", collectPair)
    .addOption(formatOption())
    .addHelpText("after", helpText(sharedCodes, ["snapshot create db db-monday --label keep=30d"]));
  return operatorCommand<FormatOptions & { label?: Record<string, string> }>(
    command,
    async (session, [volume = "", name = ""], { output, label = {} }) => {
      const id = await volumeIdOf(session, volume);
      const snapshot = await follow(session, (call) => session.agent.createSnapshot(name, id, label, call));
      await printItem(output, snapshot, snapshotColumns);
      return exitCodes.done;
    },
  );
}

export function deleteCommand(): Command {
  const command = new Command("delete")
    .alias("rm")
    .description("delete snapshots; one of a group goes with its group only")
    .argument("<snapshot...>", "ids or names")
    .addHelpText("after", helpText(sharedCodes, ["snapshot delete db-monday db-tuesday"]));
  return deletingCommand(command, snapshotIdOf, ({ agent }, id, call) => agent.deleteSnapshot(id, call));
}
