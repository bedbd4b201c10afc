import { Command } from "commander";
import { operatorCommand } from "../operator/command.ts";
import { newCall } from "../operator/connection.ts";
import { follow } from "../operator/follow.ts";
import { type FormatOptions, formatOption, printItem, printList } from "../operator/format.ts";
import { say } from "../terminal/output.ts";
import { exitCodes } from "../terminal/run-tool.ts";
import { volumeColumns } from "./columns.ts";
import { idOf } from "./read.ts";

export function importCommand(): Command {
  const command = new Command("import")
    .description("make a volume of a VHDX or raw file in the agent's transfer directory; the file stays")
    .argument("<file>", "its name in that directory")
    .argument("<name>", "of the volume")
    .option("--pool <name>", "where it is to live (default: where most room is)")
    .addOption(formatOption());
  return operatorCommand<FormatOptions & { pool?: string }>(
    command,
    async (session, [file = "", name = ""], { pool, output }) => {
      const volume = await follow(session, (call) => session.agent.importVolume(name, file, pool, call));
      await printItem(output, { ...volume, vms: [] }, volumeColumns);
      return exitCodes.done;
    },
  );
}

export function exportCommand(): Command {
  const command = new Command("export")
    .description("write a detached volume to a new file in the agent's transfer directory")
    .argument("<volume>", "id or name")
    .argument("<file>", "a VHDX when it ends so, else the bytes of the disk");
  return operatorCommand(command, async (session, [wanted = "", file = ""]) => {
    const id = await idOf(session.agent, wanted, session.signal);
    await follow(session, (call) => session.agent.exportVolume(id, file, call));
    await say(`${wanted} is written to ${file}`);
    return exitCodes.done;
  });
}

export function moveCommand(): Command {
  const command = new Command("move")
    .description("move a detached volume to another pool")
    .argument("<volume>", "id or name")
    .argument("<pool>");
  return operatorCommand(command, async (session, [wanted = "", pool = ""]) => {
    const id = await idOf(session.agent, wanted, session.signal);
    await follow(session, (call) => session.agent.moveVolume(id, pool, call));
    await say(`${wanted} is in pool ${pool}`);
    return exitCodes.done;
  });
}

export function deletedCommand(): Command {
  const command = new Command("deleted")
    .description("list deleted volumes that are still kept")
    .addOption(formatOption());
  return operatorCommand<FormatOptions>(command, async ({ agent, signal }, _, { output }) => {
    const { volumes } = await agent.listDeleted(newCall(signal));
    await printList(output, volumes, [
      { heading: "NAME", cell: ({ name }) => name },
      { heading: "ID", cell: ({ id }) => id },
      { heading: "POOL", cell: ({ pool }) => pool },
      { heading: "DELETED", cell: ({ deleted_at }) => deleted_at },
      { heading: "KEPT UNTIL", cell: ({ kept_until }) => kept_until },
    ]);
    return exitCodes.done;
  });
}

export function restoreCommand(): Command {
  const command = new Command("restore")
    .description("bring a deleted volume back that is still kept")
    .argument("<id>")
    .addOption(formatOption());
  return operatorCommand<FormatOptions>(command, async ({ agent, signal }, [id = ""], { output }) => {
    const volume = await agent.restoreVolume(id, newCall(signal));
    await printItem(output, { ...volume, vms: [] }, volumeColumns);
    return exitCodes.done;
  });
}
