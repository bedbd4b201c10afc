import { Command } from "commander";
import { helpText, sharedCodes } from "./operator/help.ts";
import { endOnBadUsage } from "./terminal/bad-usage.ts";
import { attachCommand, detachCommand } from "./volume/attach.ts";
import { deleteCommand, expandCommand, modifyCommand } from "./volume/change.ts";
import { cloneCommand, createCommand } from "./volume/create.ts";
import { deletedCommand, restoreCommand } from "./volume/deleted.ts";
import { getCommand, healthCommand, listCommand } from "./volume/read.ts";
import { exportCommand, importCommand, moveCommand } from "./volume/transfer.ts";

const notes = `A volume is named by its id, its name or its CSI handle, GROUP/ID. A name that begins with a dash comes after --.

${sharedCodes}`;

/** Work on an agent's volumes. */
export function volumeCommand(): Command {
  const volume = new Command("volume")
    .description("list, make and change an agent's volumes")
    .addHelpText("after", helpText(notes, ["volume list", "volume create db --size 10Gi"]));
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
