import { Command } from "commander";
import { endOnBadUsage } from "./terminal/bad-usage.ts";
import {
  attachCommand,
  deleteCommand,
  detachCommand,
  expandCommand,
  modifyCommand,
} from "./volume/change.ts";
import { cloneCommand, createCommand } from "./volume/create.ts";
import { getCommand, healthCommand, listCommand } from "./volume/read.ts";
import {
  deletedCommand,
  exportCommand,
  importCommand,
  moveCommand,
  restoreCommand,
} from "./volume/transfer.ts";

/** Work on an agent's volumes. */
export function volumeCommand(): Command {
  const volume = new Command("volume").description("list, make and change an agent's volumes");
  const commands = [
    listCommand(),
    getCommand(),
    createCommand(),
    cloneCommand(),
    deleteCommand(),
    expandCommand(),
    attachCommand(),
    detachCommand(),
    modifyCommand(),
    healthCommand(),
    importCommand(),
    exportCommand(),
    moveCommand(),
    deletedCommand(),
    restoreCommand(),
  ];
  for (const command of commands) volume.addCommand(endOnBadUsage(command));
  return endOnBadUsage(volume);
}
