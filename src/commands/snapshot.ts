import { Command } from "commander";
import { groupCommand } from "./snapshot/group.ts";
import { blocksCommand, createCommand, deleteCommand, getCommand, listCommand } from "./snapshot/one.ts";
import { endOnBadUsage } from "./terminal/bad-usage.ts";

/** Work on an agent's snapshots. */
export function snapshotCommand(): Command {
  const snapshot = new Command("snapshot").description("list, make and look into an agent's snapshots");
  for (const command of [listCommand(), getCommand(), createCommand(), deleteCommand(), blocksCommand()]) {
    snapshot.addCommand(endOnBadUsage(command));
  }
  snapshot.addCommand(groupCommand());
  return endOnBadUsage(snapshot);
}
