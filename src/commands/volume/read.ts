import { Command } from "commander";
import type { AgentClient } from "../../agent-client/agent-client.ts";
import { type FormatOptions, formatOption, printItem, printList } from "../operator/format.ts";
import { operatorCommand, type Session } from "../operator/command.ts";
import { newCall } from "../operator/connection.ts";
import { say } from "../terminal/output.ts";
import { exitCodes } from "../terminal/run-tool.ts";
import { rowOf, type VolumeRow, volumeColumns } from "./columns.ts";

/** Volumes of one request. */
const PAGE = 500;

export function listCommand(): Command {
  const command = new Command("list")
    .alias("ls")
    .description("list volumes")
    .option("--pool <name>", "only those in a pool")
    .addOption(formatOption());
  return operatorCommand<FormatOptions & { pool?: string }>(command, async (session, _, { output, pool }) => {
    const volumes: VolumeRow[] = [];
    for await (const volume of allVolumes(session)) {
      if (pool === undefined || volume.pool === pool) volumes.push(volume);
    }
    await printList(output, volumes, volumeColumns);
    return exitCodes.done;
  });
}

async function* allVolumes({ agent, signal }: Session): AsyncGenerator<VolumeRow, void, undefined> {
  for (let token = ""; ;) {
    const page = await agent.listVolumes(PAGE, token, newCall(signal));
    yield* page.volumes.map(rowOf);
    token = page.next_token;
    if (token === "") return;
  }
}

export function getCommand(): Command {
  const command = new Command("get")
    .description("show a volume")
    .argument("<volume>", "its id or name")
    .addOption(formatOption());
  return operatorCommand<FormatOptions>(command, async ({ agent, signal }, [wanted = ""], { output }) => {
    const volume = await agent.getVolume(wanted, newCall(signal));
    const attachments = volume.fault === null ? await agent.attachmentsOf(volume.id, newCall(signal)) : [];
    await printItem(output, { ...volume, vms: attachments.map(({ VmId }) => VmId) }, volumeColumns);
    return exitCodes.done;
  });
}

export function healthCommand(): Command {
  const command = new Command("health")
    .description("say what is wrong with a volume; exit code 3 when something is")
    .argument("<volume>", "its id or name")
    .addOption(formatOption());
  return operatorCommand<FormatOptions>(command, async ({ agent, signal }, [wanted = ""], { output }) => {
    const id = await idOf(agent, wanted, signal);
    const health = await agent.volumeHealth(id, newCall(signal));
    if (health.healthy && (output === "table" || output === "wide")) await say(`${wanted} is healthy`);
    else
      await printList(output, health.problems, [
        { heading: "PROBLEM", cell: ({ kind }) => kind },
        { heading: "MESSAGE", cell: ({ message }) => message },
      ]);
    return health.healthy ? exitCodes.done : 3;
  });
}

/** The id of a volume that was named by id or name. */
export async function idOf(agent: AgentClient, idOrName: string, signal: AbortSignal): Promise<string> {
  return (await agent.getVolume(idOrName, newCall(signal))).id;
}
