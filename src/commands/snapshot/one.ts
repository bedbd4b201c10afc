import { Command } from "commander";
import type * as wire from "../../agent-client/wire.ts";
import { operatorCommand } from "../operator/command.ts";
import { newCall } from "../operator/connection.ts";
import { follow } from "../operator/follow.ts";
import { type FormatOptions, formatOption, printItem, printList } from "../operator/format.ts";
import { collectPair } from "../operator/key-value.ts";
import { printLines, say } from "../terminal/output.ts";
import { exitCodes } from "../terminal/run-tool.ts";
import { formatRow } from "../terminal/table.ts";
import { idOf } from "../volume/read.ts";
import { snapshotColumns } from "./columns.ts";

const PAGE = 500;

export function listCommand(): Command {
  const command = new Command("list")
    .alias("ls")
    .description("list snapshots")
    .option("--volume <volume>", "only those of a volume, by id or name")
    .addOption(formatOption());
  return operatorCommand<FormatOptions & { volume?: string }>(
    command,
    async ({ agent, signal }, _, { output, volume }) => {
      const id = volume === undefined ? undefined : await idOf(agent, volume, signal);
      const snapshots: wire.SnapshotAnswer[] = [];
      for (let token: string | undefined = ""; token !== undefined;) {
        const page: wire.SnapshotList = await agent.listSnapshots(id, PAGE, token, newCall(signal));
        snapshots.push(...page.snapshots);
        token = page.next_token === "" ? undefined : page.next_token;
      }
      await printList(output, snapshots, snapshotColumns);
      return exitCodes.done;
    },
  );
}

export function getCommand(): Command {
  const command = new Command("get")
    .description("show a snapshot")
    .argument("<snapshot>", "id or name")
    .addOption(formatOption());
  return operatorCommand<FormatOptions>(command, async ({ agent, signal }, [wanted = ""], { output }) => {
    await printItem(output, await agent.getSnapshot(wanted, newCall(signal)), snapshotColumns);
    return exitCodes.done;
  });
}

export function createCommand(): Command {
  const command = new Command("create")
    .description("cut what a volume holds now; the same command again finds it")
    .argument("<volume>", "id or name")
    .argument("<name>", "of the snapshot")
    .option("--label <key=value>", "more than once for several", collectPair)
    .addOption(formatOption());
  return operatorCommand<FormatOptions & { label?: Record<string, string> }>(
    command,
    async (session, [volume = "", name = ""], { output, label = {} }) => {
      const { agent, signal } = session;
      const id = await idOf(agent, volume, signal);
      const snapshot = await follow(session, (call) => agent.createSnapshot(name, id, label, call));
      await printItem(output, snapshot, snapshotColumns);
      return exitCodes.done;
    },
  );
}

export function deleteCommand(): Command {
  const command = new Command("delete")
    .alias("rm")
    .description("delete snapshots")
    .argument("<snapshot...>", "ids or names");
  return operatorCommand(command, async ({ agent, signal }, wanted) => {
    const ids: string[] = [];
    for (const each of wanted) ids.push((await agent.getSnapshot(each, newCall(signal))).id);
    for (const [index, id] of ids.entries()) {
      await agent.deleteSnapshot(id, newCall(signal));
      await say(`deleted ${wanted[index] ?? id}`);
    }
    return exitCodes.done;
  });
}

export function blocksCommand(): Command {
  const command = new Command("blocks")
    .description("list where a snapshot holds data, or where it differs from an older one")
    .argument("<snapshot>", "id or name")
    .option("--base <snapshot>", "the older one, by id or name");
  return operatorCommand<{ base?: string }>(command, async ({ agent, signal }, [wanted = ""], { base }) => {
    const { id } = await agent.getSnapshot(wanted, newCall(signal));
    const baseId = base === undefined ? undefined : (await agent.getSnapshot(base, newCall(signal))).id;
    async function* rows() {
      yield formatRow(["OFFSET", "LENGTH"]);
      for (let at: number | null = 0; at !== null;) {
        const page: wire.BlockList = await agent.blocks(id, baseId, BigInt(at), 0, newCall(signal));
        for (const { offset, length } of page.blocks) yield formatRow([offset, length]);
        at = page.next_offset;
      }
    }
    await printLines(rows());
    return exitCodes.done;
  });
}
