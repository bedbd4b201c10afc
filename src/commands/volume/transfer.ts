import { Command } from "commander";
import { StatusError } from "../../kit/errors.ts";
import { operatorCommand } from "../operator/command.ts";
import { follow } from "../operator/follow.ts";
import { type FormatOptions, formatOption } from "../operator/format.ts";
import { helpText, sharedCodes } from "../operator/help.ts";
import { volumeIdOf } from "../operator/names.ts";
import { say } from "../terminal/output.ts";
import { exitCodes } from "../terminal/run-tool.ts";
import { printVolume } from "./show.ts";

export function importCommand(): Command {
  const command = new Command("import")
    .description("make a volume of a VHDX or raw file in the agent's transfer directory; the file stays")
    .argument("<file>", "its name in that directory")
    .argument("<name>", "of the volume")
    .option("--pool <name>", "where it is to live (default: where most room is)")
    .addOption(formatOption())
    .addHelpText("after", helpText(sharedCodes, ["volume import old-server.vhdx old-server"]));
  return operatorCommand<FormatOptions & { pool?: string }>(
    command,
    async (session, [file = "", name = ""], { pool, output }) => {
      const { agent } = session;
      const volume = await follow(session, (call, isRepeat) =>
        agent
          .importVolume(name, file, pool, call)
          .catch((error: unknown) => unlessDone(error, isRepeat, () => agent.getVolume(name, call))),
      );
      await printVolume(session, output, volume);
      return exitCodes.done;
    },
  );
}

export function exportCommand(): Command {
  const command = new Command("export")
    .description("write a detached volume to a new file in the agent's transfer directory")
    .argument("<volume>", "id or name")
    .argument("<file>", "a VHDX when it ends in .vhdx, else the bytes of the disk")
    .addHelpText("after", helpText(sharedCodes, ["volume export db db.vhdx", "volume export db db.raw"]));
  return operatorCommand(command, async (session, [wanted = "", file = ""]) => {
    const { agent } = session;
    const id = await volumeIdOf(session, wanted);
    await follow(session, (call, isRepeat) =>
      agent
        .exportVolume(id, file, call)
        .catch((error: unknown) => unlessDone(error, isRepeat, () => Promise.resolve())),
    );
    await say(`${wanted} is written to ${file}`);
    return exitCodes.done;
  });
}

/**
 * These two find their own result in the way when the work ended between two requests for it, and none joins it.
 * @param done what there is then
 */
async function unlessDone<T>(error: unknown, isRepeat: boolean, done: () => Promise<T>): Promise<T> {
  if (isRepeat && error instanceof StatusError && error.code === "ALREADY_EXISTS") return await done();
  throw error;
}

export function moveCommand(): Command {
  const command = new Command("move")
    .description("move a detached volume to another pool; id and name stay")
    .argument("<volume>", "id or name")
    .argument("<pool>", "its name")
    .addHelpText("after", helpText(sharedCodes, ["volume move db fast"]));
  return operatorCommand(command, async (session, [wanted = "", pool = ""]) => {
    const id = await volumeIdOf(session, wanted);
    await follow(session, (call) => session.agent.moveVolume(id, pool, call));
    await say(`${wanted} is in pool ${pool}`);
    return exitCodes.done;
  });
}
