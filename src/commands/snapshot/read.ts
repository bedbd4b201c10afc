import { Command } from "commander";
import { allPages } from "../../agent-client/all-pages.ts";
import { byName } from "../operator/by-name.ts";
import { operatorCommand } from "../operator/command.ts";
import { newCall } from "../../agent-client/new-call.ts";
import { type FormatOptions, formatOption, printItem, printList } from "../operator/format.ts";
import { helpText, sharedCodes } from "../operator/help.ts";
import { formerVolumeIdOf, withoutGroup } from "../operator/names.ts";
import { exitCodes } from "../terminal/run-tool.ts";
import { snapshotColumns } from "./columns.ts";

export function listCommand(): Command {
  const command = new Command("list")
    .alias("ls")
    .description("list snapshots, ordered by name")
    .option("--volume <volume>", "only those of a volume, by id or name; of a deleted one by id")
    .addOption(formatOption())
    .addHelpText("after", helpText(sharedCodes, ["snapshot list --volume db -o wide"]));
  return operatorCommand<FormatOptions & { volume?: string }>(
    command,
    async (session, _, { output, volume }) => {
      const { agent, signal } = session;
      const id = volume === undefined ? undefined : await formerVolumeIdOf(session, volume);
      const snapshots = await allPages(async (maxEntries, token) => {
        const page = await newCall(signal, (call) => agent.listSnapshots(id, maxEntries, token, call));
        return { items: page.snapshots, next: page.next_token };
      });
      await printList(output, byName(snapshots), snapshotColumns);
      return exitCodes.done;
    },
  );
}

export function getCommand(): Command {
  const command = new Command("get")
    .description("show a snapshot")
    .argument("<snapshot>", "id or name")
    .addOption(formatOption())
    .addHelpText("after", helpText(sharedCodes, ["snapshot get db-monday -o yaml"]));
  return operatorCommand<FormatOptions>(command, async ({ agent, signal }, [wanted = ""], { output }) => {
    const snapshot = await newCall(signal, (call) => agent.getSnapshot(withoutGroup(wanted), call));
    await printItem(output, snapshot, snapshotColumns);
    return exitCodes.done;
  });
}
