import { Command } from "commander";
import { type FormatOptions, formatOption, printItem } from "../operator/format.ts";
import { operatorCommand } from "../operator/command.ts";
import { follow } from "../operator/follow.ts";
import { collectPair } from "../operator/key-value.ts";
import { exitCodes } from "../terminal/run-tool.ts";
import { readSize } from "../terminal/size-option.ts";
import { volumeColumns } from "./columns.ts";
import { idOf } from "./read.ts";

interface Options extends FormatOptions {
  readonly size?: bigint;
  readonly pool?: string;
  readonly type?: string;
  readonly fromSnapshot?: string;
  readonly label?: Record<string, string>;
  readonly attribute?: Record<string, string>;
}

export function createCommand(): Command {
  const command = withShape(new Command("create"))
    .description("make a volume; the same command again finds it")
    .argument("<name>")
    .option("--from-snapshot <id>", "with the content of a snapshot, by id or name");
  return operatorCommand<Options>(command, async (session, [name = ""], { fromSnapshot, ...options }) => {
    const { agent, signal } = session;
    if (options.size === undefined && fromSnapshot === undefined) {
      throw new RangeError("--size is missing; only a copy has one of its own");
    }
    const source =
      fromSnapshot === undefined
        ? {}
        : { sourceSnapshot: (await follow(session, (call) => agent.getSnapshot(fromSnapshot, call))).id };
    signal.throwIfAborted();
    const volume = await follow(session, (call) =>
      agent.createVolume(name, { ...shapeOf(options), ...source }, call),
    );
    await printItem(options.output, { ...volume, vms: [] }, volumeColumns);
    return exitCodes.done;
  });
}

export function cloneCommand(): Command {
  const command = withShape(new Command("clone"))
    .description("make a volume with the content of another one")
    .argument("<volume>", "id or name of the source")
    .argument("<name>", "of the new volume");
  return operatorCommand<Options>(command, async (session, [wanted = "", name = ""], options) => {
    const { agent, signal } = session;
    const sourceVolume = await idOf(agent, wanted, signal);
    const volume = await follow(session, (call) =>
      agent.createVolume(name, { ...shapeOf(options), sourceVolume }, call),
    );
    await printItem(options.output, { ...volume, vms: [] }, volumeColumns);
    return exitCodes.done;
  });
}

function withShape(command: Command): Command {
  return command
    .option("--size <size>", "bytes, or K, M, G or T of them: 512M, 10GiB", readSize)
    .option("--pool <name>", "where it is to live (default: where most room is)")
    .option("--type <type>", "fixed or dynamic (default: what the host takes)")
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
