import { Command } from "commander";
import { StatusError } from "../../kit/errors.ts";
import { byName } from "../operator/by-name.ts";
import { operatorCommand, type Session } from "../operator/command.ts";
import { newCall } from "../../agent-client/new-call.ts";
import { follow } from "../operator/follow.ts";
import { type FormatOptions, formatOption, printList } from "../operator/format.ts";
import { helpText, sharedCodes } from "../operator/help.ts";
import { withoutGroup } from "../operator/names.ts";
import { exitCodes } from "../terminal/run-tool.ts";
import { printVolume } from "./show.ts";

export function deletedCommand(): Command {
  const command = new Command("deleted")
    .description("list deleted volumes that are still kept")
    .addOption(formatOption())
    .addHelpText("after", helpText(sharedCodes, ["volume deleted"]));
  return operatorCommand<FormatOptions>(command, async ({ agent, signal }, _, { output }) => {
    const { volumes } = await newCall(signal, (call) => agent.listDeleted(call));
    await printList(output, byName(volumes), [
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
    .argument("<volume>", "id or name, as volume deleted shows them")
    .addOption(formatOption())
    .addHelpText("after", helpText(sharedCodes, ["volume restore db"]));
  return operatorCommand<FormatOptions>(command, async (session, [wanted = ""], { output }) => {
    const id = await deletedIdOf(session, withoutGroup(wanted));
    const volume = await follow(session, (call) => session.agent.restoreVolume(id, call));
    await printVolume(session, output, volume);
    return exitCodes.done;
  });
}

/** The id of a deleted volume that was named; any other text is taken for an id. */
async function deletedIdOf({ agent, signal }: Session, wanted: string): Promise<string> {
  const { volumes } = await newCall(signal, (call) => agent.listDeleted(call));
  const named = volumes.filter(({ name }) => name === wanted);
  // A name can be deleted more than once.
  if (named.length < 2) return named[0]?.id ?? wanted;
  const choice = named.map(({ id, deleted_at }) => `${id} (deleted ${deleted_at})`).join(", ");
  throw new StatusError("FAILED_PRECONDITION", `several were called ${wanted}; take an id: ${choice}`);
}
