import { Command } from "commander";
import { helpText, sharedCodes } from "./operator/help.ts";
import { blocksCommand } from "./snapshot/blocks.ts";
import { createCommand, deleteCommand } from "./snapshot/change.ts";
import { groupCommand } from "./snapshot/group.ts";
import { getCommand, listCommand } from "./snapshot/read.ts";
import { endOnBadUsage } from "./terminal/bad-usage.ts";

const notes = `A snapshot lives on when its volume is deleted. It is named by its id, its name or its CSI handle, GROUP/ID.

${sharedCodes}`;

/** Work on an agent's snapshots. */
export function snapshotCommand(): Command {
  const snapshot = new Command("snapshot")
    .description("list, make and look into an agent's snapshots")
    .addHelpText("after", helpText(notes, ["snapshot list", "snapshot create db db-monday"]));
  for (const command of [listCommand(), getCommand(), createCommand(), deleteCommand(), blocksCommand()]) {
    snapshot.addCommand(endOnBadUsage(command));
  }
  snapshot.addCommand(groupCommand());
  return endOnBadUsage(snapshot);
}
