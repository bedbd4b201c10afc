import { Command } from "commander";
import { byName } from "../operator/by-name.ts";
import { operatorCommand } from "../operator/command.ts";
import { newCall } from "../../agent-client/new-call.ts";
import { deletingCommand } from "../operator/deleting-command.ts";
import { follow } from "../operator/follow.ts";
import { type FormatOptions, formatOption, printItem, printList } from "../operator/format.ts";
import { helpText, sharedCodes } from "../operator/help.ts";
import { collectPair } from "../operator/key-value.ts";
import { groupIdOf, volumeIdOf, withoutGroup } from "../operator/names.ts";
import { endOnBadUsage } from "../terminal/bad-usage.ts";
import { exitCodes } from "../terminal/run-tool.ts";
import { groupColumns } from "./columns.ts";

/** Snapshots of several volumes at one instant. */
export function groupCommand(): Command {
  const group = new Command("group")
    .description("snapshots of several volumes at one instant")
    .addHelpText("after", helpText(sharedCodes, ["snapshot group create monday db-data db-log"]));
  for (const command of [listCommand(), getCommand(), createCommand(), deleteCommand()]) {
    group.addCommand(endOnBadUsage(command));
  }
  return endOnBadUsage(group);
}

function createCommand(): Command {
  const command = new Command("create")
    .description("cut several volumes at one instant: all, or none")
    .argument("<name>", "of the group")
    .argument("<volume...>", "ids or names")
    .option("--label <key=value>", "of each snapshot, more than once for several", collectPair)
    .addOption(formatOption())
    .addHelpText("after", helpText(sharedCodes, ["snapshot group create monday db-data db-log"]));
  return operatorCommand<FormatOptions & { label?: Record<string, string> }>(
    command,
    async (session, [name = "", ...volumes], { output, label = {} }) => {
      const ids: string[] = [];
      for (const volume of volumes) ids.push(await volumeIdOf(session, volume));
      const made = await follow(session, (call) => session.agent.createSnapshotGroup(name, ids, label, call));
      await printItem(output, made, groupColumns);
      return exitCodes.done;
    },
  );
}

function listCommand(): Command {
  const command = new Command("list")
    .alias("ls")
    .description("list groups, ordered by name")
    .addOption(formatOption())
    .addHelpText("after", helpText(sharedCodes, ["snapshot group list"]));
  return operatorCommand<FormatOptions>(command, async ({ agent, signal }, _, { output }) => {
    const { groups } = await newCall(signal, (call) => agent.listSnapshotGroups(call));
    await printList(output, byName(groups), groupColumns);
    return exitCodes.done;
  });
}

function getCommand(): Command {
  const command = new Command("get")
    .description("show a group")
    .argument("<group>", "id or name")
    .addOption(formatOption())
    .addHelpText("after", helpText(sharedCodes, ["snapshot group get monday -o yaml"]));
  return operatorCommand<FormatOptions>(command, async ({ agent, signal }, [wanted = ""], { output }) => {
    const group = await newCall(signal, (call) => agent.getSnapshotGroup(withoutGroup(wanted), call));
    await printItem(output, group, groupColumns);
    return exitCodes.done;
  });
}

function deleteCommand(): Command {
  const command = new Command("delete")
    .alias("rm")
    .description("delete groups with their snapshots")
    .argument("<group...>", "ids or names")
    .addHelpText("after", helpText(sharedCodes, ["snapshot group delete monday"]));
  return deletingCommand(command, groupIdOf, ({ agent }, id, call) => agent.deleteSnapshotGroup(id, call));
}
