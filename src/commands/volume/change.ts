import { Command } from "commander";
import { formatSize } from "../../kit/sizes.ts";
import { operatorCommand } from "../operator/command.ts";
import { newCall } from "../../agent-client/new-call.ts";
import { deletingCommand } from "../operator/deleting-command.ts";
import { follow } from "../operator/follow.ts";
import { type FormatOptions, formatOption } from "../operator/format.ts";
import { helpText, sharedCodes } from "../operator/help.ts";
import { collect, collectPair } from "../operator/key-value.ts";
import { volumeIdOf, withoutGroup } from "../operator/names.ts";
import { say } from "../terminal/output.ts";
import { exitCodes } from "../terminal/run-tool.ts";
import { readSize } from "../terminal/size-option.ts";
import { printVolume } from "./show.ts";

export function deleteCommand(): Command {
  const notes = `Nothing is deleted when a name is wrong. After that each goes that can: an attached volume, or a
protected one, is refused. There is no question first; an agent with --keep-deleted can restore a volume.

${sharedCodes}`;
  const command = new Command("delete")
    .alias("rm")
    .description("delete volumes with all that is on them")
    .argument("<volume...>", "ids or names")
    .addHelpText(
      "after",
      helpText(notes, [
        "volume delete scratch",
        "volume delete --ignore-not-found ci-1 ci-2",
        "volume delete -- -odd-name",
      ]),
    );
  return deletingCommand(command, volumeIdOf, ({ agent }, id, call) => agent.deleteVolume(id, call));
}

export function expandCommand(): Command {
  const command = new Command("expand")
    .description("make a volume larger, also while it is attached")
    .argument("<volume>", "id or name")
    .argument("<size>", "all of it, not what is added: bytes, or K, M, G or T of them", checkSize)
    .addHelpText("after", helpText(sharedCodes, ["volume expand db 20Gi"]));
  return operatorCommand(command, async (session, [wanted = "", text = ""]) => {
    const { agent, signal } = session;
    const { id, size } = await newCall(signal, (call) => agent.getVolume(withoutGroup(wanted), call));
    const { CapacityBytes } = await follow(session, (call) =>
      agent.expandVolume(id, readSize(text), undefined, call),
    );
    const has = formatSize(BigInt(CapacityBytes));
    await say(CapacityBytes === size ? `${wanted} has ${has} already` : `${wanted} has ${has}`);
    return exitCodes.done;
  });
}

/** What is no size is bad usage; the work gets its arguments as text. */
function checkSize(text: string): string {
  readSize(text);
  return text;
}

interface ModifyOptions extends FormatOptions {
  readonly label?: Record<string, string>;
  readonly unlabel?: readonly string[];
  readonly attribute?: Record<string, string>;
}

export function modifyCommand(): Command {
  const command = new Command("modify")
    .description("change labels and attributes of a volume")
    .argument("<volume>", "id or name")
    .option("--label <key=value>", "set a label, more than once for several", collectPair)
    .option("--unlabel <key>", "remove a label, more than once for several", collect)
    .option("--attribute <key=value>", "set an attribute, more than once for several", collectPair)
    .addOption(formatOption())
    .addHelpText(
      "after",
      helpText(sharedCodes, [
        "volume modify db --attribute deleteProtection=true",
        "volume modify db --label team=storage --unlabel old",
      ]),
    );
  return operatorCommand<ModifyOptions>(command, async (session, [wanted = ""], options) => {
    const { label, unlabel, attribute, output } = options;
    if (label === undefined && unlabel === undefined && attribute === undefined) {
      throw new RangeError("nothing is to change: add --label, --unlabel or --attribute");
    }
    const both = (unlabel ?? []).find((key) => Object.hasOwn(label ?? {}, key));
    if (both !== undefined) throw new RangeError(`label ${both} can't be both set and removed`);
    const id = await volumeIdOf(session, wanted);
    const change = { labels: label ?? {}, unlabel: unlabel ?? [], attributes: attribute ?? {} };
    const volume = await follow(session, (call) => session.agent.modifyVolume(id, change, call));
    await printVolume(session, output, volume);
    return exitCodes.done;
  });
}
