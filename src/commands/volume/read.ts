import { Command } from "commander";
import { StatusError } from "../../kit/errors.ts";
import { allPages } from "../../agent-client/all-pages.ts";
import { byName } from "../operator/by-name.ts";
import { operatorCommand, type Session } from "../operator/command.ts";
import { newCall } from "../../agent-client/new-call.ts";
import {
  type FormatOptions,
  formatOption,
  isForPrograms,
  printDocument,
  printList,
} from "../operator/format.ts";
import { helpText, sharedCodes } from "../operator/help.ts";
import { volumeIdOf, withoutGroup } from "../operator/names.ts";
import { say } from "../terminal/output.ts";
import { exitCodes } from "../terminal/run-tool.ts";
import { rowOf, volumeColumns } from "./columns.ts";
import { printVolume } from "./show.ts";

export function listCommand(): Command {
  const command = new Command("list")
    .alias("ls")
    .description("list volumes, ordered by name")
    .option("--pool <name>", "only those in a pool")
    .addOption(formatOption())
    .addHelpText("after", helpText(sharedCodes, ["volume list -o wide", "volume list --pool fast -o json"]));
  return operatorCommand<FormatOptions & { pool?: string }>(command, async (session, _, { output, pool }) => {
    const { agent, signal } = session;
    if (pool !== undefined) await requirePool(session, pool);
    const volumes = await allPages(async (maxEntries, token) => {
      const page = await newCall(signal, (call) => agent.listVolumes(maxEntries, token, call));
      return { items: page.volumes.map(rowOf), next: page.next_token };
    });
    const wanted = volumes.filter((volume) => pool === undefined || volume.pool === pool);
    await printList(output, byName(wanted), volumeColumns);
    return exitCodes.done;
  });
}

/** No volumes are in a pool that there is not, which is not what a mistyped name asks. */
async function requirePool({ agent, signal }: Session, wanted: string): Promise<void> {
  const names = (await newCall(signal, (call) => agent.listPools(call))).Pools.map(({ Name }) => Name);
  if (names.includes(wanted)) return;
  throw new StatusError(
    "NOT_FOUND",
    `there is no pool ${JSON.stringify(wanted)}; there are: ${names.join(", ")}`,
  );
}

export function getCommand(): Command {
  const command = new Command("get")
    .description("show a volume")
    .argument("<volume>", "id or name")
    .addOption(formatOption())
    .addHelpText("after", helpText(sharedCodes, ["volume get db -o yaml"]));
  return operatorCommand<FormatOptions>(command, async (session, [wanted = ""], { output }) => {
    const { agent, signal } = session;
    const volume = await newCall(signal, (call) => agent.getVolume(withoutGroup(wanted), call));
    await printVolume(session, output, volume);
    return exitCodes.done;
  });
}

/** Exit code for a volume that something is wrong with. */
const UNHEALTHY = 3;

export function healthCommand(): Command {
  const notes = `Exit codes: 0 healthy, 1 failure, 2 bad usage, ${UNHEALTHY} something is wrong, 130 interrupted.`;
  const command = new Command("health")
    .description("say what is wrong with a volume")
    .argument("<volume>", "id or name")
    .addOption(formatOption())
    .addHelpText("after", helpText(notes, ["volume health db", "volume health db -o json"]));
  return operatorCommand<FormatOptions>(command, async (session, [wanted = ""], { output }) => {
    const { agent, signal } = session;
    const id = await volumeIdOf(session, wanted);
    const health = await newCall(signal, (call) => agent.volumeHealth(id, call));
    if (isForPrograms(output)) await printDocument(output, health);
    else if (health.healthy) await say(`${wanted} is healthy`);
    else
      await printList(output, health.problems, [
        { heading: "PROBLEM", cell: ({ kind }) => kind },
        { heading: "MESSAGE", cell: ({ message }) => message },
      ]);
    return health.healthy ? exitCodes.done : UNHEALTHY;
  });
}
