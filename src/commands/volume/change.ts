import { Command } from "commander";
import { formatSize } from "../../kit/sizes.ts";
import { operatorCommand } from "../operator/command.ts";
import { newCall } from "../operator/connection.ts";
import { type FormatOptions, formatOption, printItem } from "../operator/format.ts";
import { collect, collectPair } from "../operator/key-value.ts";
import { say } from "../terminal/output.ts";
import { exitCodes } from "../terminal/run-tool.ts";
import { readSize } from "../terminal/size-option.ts";
import { volumeColumns } from "./columns.ts";
import { idOf } from "./read.ts";

export function deleteCommand(): Command {
  const command = new Command("delete")
    .alias("rm")
    .description("delete volumes with all that is on them; a detached one goes at once")
    .argument("<volume...>", "ids or names");
  return operatorCommand(command, async ({ agent, signal }, wanted) => {
    // All names first: a mistyped one deletes nothing.
    const ids = [];
    for (const each of wanted) ids.push(await idOf(agent, each, signal));
    for (const [index, id] of ids.entries()) {
      await agent.deleteVolume(id, newCall(signal));
      await say(`deleted ${wanted[index] ?? id}`);
    }
    return exitCodes.done;
  });
}

export function expandCommand(): Command {
  const command = new Command("expand")
    .description("make a volume larger, also while it is attached")
    .argument("<volume>", "id or name")
    .argument("<size>", "all of it, not what is added: 20GiB");
  return operatorCommand(command, async ({ agent, signal }, [wanted = "", text = ""]) => {
    const id = await idOf(agent, wanted, signal);
    const { CapacityBytes } = await agent.expandVolume(id, readSize(text), undefined, newCall(signal));
    await say(`${wanted} has ${formatSize(BigInt(CapacityBytes))}`);
    return exitCodes.done;
  });
}

export function attachCommand(): Command {
  const command = new Command("attach")
    .description("connect a volume to a VM")
    .argument("<volume>", "id or name")
    .argument("<vm>", "id or name")
    .option("--read-only", "the VM can't write to it");
  return operatorCommand<{ readOnly?: true }>(
    command,
    async ({ agent, signal }, [wanted = "", vm = ""], { readOnly = false }) => {
      const id = await idOf(agent, wanted, signal);
      const { Address } = await agent.attach(await vmIdOf(agent, vm, signal), id, readOnly, newCall(signal));
      await say(`${wanted} is attached to ${vm}: ${Address.backingFile}`);
      return exitCodes.done;
    },
  );
}

export function detachCommand(): Command {
  const command = new Command("detach")
    .description("disconnect a volume from a VM; refused while it is in use there")
    .argument("<volume>", "id or name")
    .argument("<vm>", "id or name");
  return operatorCommand(command, async ({ agent, signal }, [wanted = "", vm = ""]) => {
    const id = await idOf(agent, wanted, signal);
    await agent.detach(await vmIdOf(agent, vm, signal), id, newCall(signal));
    await say(`${wanted} is not attached to ${vm}`);
    return exitCodes.done;
  });
}

/** The id of a VM that was named by id or name; what no VM is named is taken for an id. */
async function vmIdOf(
  agent: Parameters<typeof idOf>[0],
  wanted: string,
  signal: AbortSignal,
): Promise<string> {
  const { VMs } = await agent.listVms(newCall(signal));
  const named = VMs.filter(({ Name, Id }) => Name === wanted || Id === wanted.toLowerCase());
  if (named.length > 1) throw new RangeError(`several VMs are named ${wanted}; name its id`);
  return named[0]?.Id ?? wanted;
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
    .option("--label <key=value>", "set a label", collectPair)
    .option("--unlabel <key>", "remove a label", collect)
    .option("--attribute <key=value>", "set an attribute, such as deleteProtection=true", collectPair)
    .addOption(formatOption());
  return operatorCommand<ModifyOptions>(
    command,
    async ({ agent, signal }, [wanted = ""], { label = {}, unlabel = [], attribute = {}, output }) => {
      const id = await idOf(agent, wanted, signal);
      const change = { labels: label, unlabel, attributes: attribute };
      const volume = await agent.modifyVolume(id, change, newCall(signal));
      await printItem(output, { ...volume, vms: [] }, volumeColumns);
      return exitCodes.done;
    },
  );
}
