import { Command, Option } from "commander";
import { operatorCommand } from "../operator/command.ts";
import { follow } from "../operator/follow.ts";
import { type FormatOptions, formatOption } from "../operator/format.ts";
import { helpText, sharedCodes } from "../operator/help.ts";
import { collectPair } from "../operator/key-value.ts";
import { snapshotIdOf, volumeIdOf } from "../operator/names.ts";
import { exitCodes } from "../terminal/run-tool.ts";
import { readSize } from "../terminal/size-option.ts";
import { printVolume } from "./show.ts";

interface Options extends FormatOptions {
  readonly size?: bigint;
  readonly pool?: string;
  readonly type?: string;
  readonly fromSnapshot?: string;
  readonly label?: Record<string, string>;
  readonly attribute?: Record<string, string>;
}

export function createCommand(): Command {
  const command = withShape(
    new Command("create")
      .description("make a volume; the same command again finds it")
      .argument("<name>", "of the volume")
      .option("--from-snapshot <snapshot>", "with the content of a snapshot, by id or name"),
  ).addHelpText(
    "after",
    helpText(sharedCodes, [
      "volume create db --size 10Gi",
      "volume create db --size 10Gi --pool fast --label team=storage",
      "volume create db-restored --from-snapshot db-monday",
    ]),
  );
  return operatorCommand<Options>(command, async (session, [name = ""], { fromSnapshot, ...options }) => {
    if (options.size === undefined && fromSnapshot === undefined) {
      throw new RangeError("--size is missing; only a volume --from-snapshot has one of its own");
    }
    const source =
      fromSnapshot === undefined ? {} : { sourceSnapshot: await snapshotIdOf(session, fromSnapshot) };
    const volume = await follow(session, (call) =>
      session.agent.createVolume(name, { ...shapeOf(options), ...source }, call),
    );
    await printVolume(session, options.output, volume);
    return exitCodes.done;
  });
}

export function cloneCommand(): Command {
  const command = withShape(
    new Command("clone")
      .description("make a volume with the content of another one")
      .argument("<volume>", "id or name of the source")
      .argument("<name>", "of the new volume"),
  ).addHelpText(
    "after",
    helpText(sharedCodes, ["volume clone golden web-1", "volume clone golden web-2 --size 20Gi"]),
  );
  return operatorCommand<Options>(command, async (session, [wanted = "", name = ""], options) => {
    const sourceVolume = await volumeIdOf(session, wanted);
    const volume = await follow(session, (call) =>
      session.agent.createVolume(name, { ...shapeOf(options), sourceVolume }, call),
    );
    await printVolume(session, options.output, volume);
    return exitCodes.done;
  });
}

function withShape(command: Command): Command {
  return command
    .option("--size <size>", "bytes, or K, M, G or T of them: 512M, 10Gi", readSize)
    .option("--pool <name>", "where it is to live (default: where most room is)")
    .addOption(
      new Option("--type <type>", "of its disk (default: what the host takes)").choices(["fixed", "dynamic"]),
    )
    .option("--label <key=value>", "more than once for several", collectPair)
    .option("--attribute <key=value>", "more than once for several", collectPair)
    .addOption(formatOption());
}

function shapeOf({ size, pool, type, label, attribute }: Options) {
  return {
    ...(size === undefined ? {} : { size }),
    ...(pool === undefined ? {} : { pool }),
    ...(type === undefined ? {} : { type }),
    ...(label === undefined ? {} : { labels: label }),
    ...(attribute === undefined ? {} : { attributes: attribute }),
  };
}
