import { Command } from "commander";
import { operatorCommand } from "../operator/command.ts";
import { newCall } from "../operator/connection.ts";
import { follow } from "../operator/follow.ts";
import { type FormatOptions, formatOption, printItem, printList } from "../operator/format.ts";
import { say } from "../terminal/output.ts";
import { endOnBadUsage } from "../terminal/bad-usage.ts";
import { exitCodes } from "../terminal/run-tool.ts";
import { idOf } from "../volume/read.ts";
import { groupColumns } from "./columns.ts";

/** Snapshots of several volumes at one instant. */
export function groupCommand(): Command {
  const group = new Command("group").description("snapshots of several volumes at one instant");
  const create = operatorCommand<FormatOptions>(
    new Command("create")
      .description("cut several volumes at one instant")
      .argument("<name>")
      .argument("<volume...>", "ids or names")
      .addOption(formatOption()),
    async (session, [name = "", ...volumes], { output }) => {
      const { agent, signal } = session;
      const ids: string[] = [];
      for (const volume of volumes) ids.push(await idOf(agent, volume, signal));
      const made = await follow(session, (call) => agent.createSnapshotGroup(name, ids, {}, call));
      await printItem(output, made, groupColumns);
      return exitCodes.done;
    },
  );
  const list = operatorCommand<FormatOptions>(
    new Command("list").alias("ls").description("list groups").addOption(formatOption()),
    async ({ agent, signal }, _, { output }) => {
      await printList(output, (await agent.listSnapshotGroups(newCall(signal))).groups, groupColumns);
      return exitCodes.done;
    },
  );
  const get = operatorCommand<FormatOptions>(
    new Command("get")
      .description("show a group")
      .argument("<group>", "id or name")
      .addOption(formatOption()),
    async ({ agent, signal }, [wanted = ""], { output }) => {
      await printItem(output, await agent.getSnapshotGroup(wanted, newCall(signal)), groupColumns);
      return exitCodes.done;
    },
  );
  const remove = operatorCommand(
    new Command("delete")
      .alias("rm")
      .description("delete a group with its snapshots")
      .argument("<group>", "id or name"),
    async ({ agent, signal }, [wanted = ""]) => {
      const { id } = await agent.getSnapshotGroup(wanted, newCall(signal));
      await agent.deleteSnapshotGroup(id, newCall(signal));
      await say(`deleted ${wanted}`);
      return exitCodes.done;
    },
  );
  for (const command of [list, get, create, remove]) group.addCommand(endOnBadUsage(command));
  return endOnBadUsage(group);
}
