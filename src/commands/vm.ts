import { Command } from "commander";
import type * as wire from "../agent-client/wire.ts";
import { byName } from "./operator/by-name.ts";
import { operatorCommand } from "./operator/command.ts";
import { newCall } from "../agent-client/new-call.ts";
import { type Column, type FormatOptions, formatOption, printItem, printList } from "./operator/format.ts";
import { helpText, sharedCodes } from "./operator/help.ts";
import { vmIdOf } from "./operator/names.ts";
import { endOnBadUsage } from "./terminal/bad-usage.ts";
import { exitCodes } from "./terminal/run-tool.ts";

/** A VM with keys as those of a volume. */
function rowOf({ Name, Id, State, Generation, Path }: wire.VmAnswer) {
  return { name: Name, id: Id, state: State, generation: Generation, path: Path };
}

const columns: readonly Column<ReturnType<typeof rowOf>>[] = [
  { heading: "NAME", cell: ({ name }) => name },
  { heading: "ID", cell: ({ id }) => id },
  { heading: "STATE", cell: ({ state }) => state },
  {
    heading: "GENERATION",
    cell: ({ generation }) => (generation === 0 ? "-" : String(generation)),
    wide: true,
  },
  { heading: "PATH", cell: ({ path }) => path || "-", wide: true },
];

/** Look at an agent's VMs. */
export function vmCommand(): Command {
  const vm = new Command("vm")
    .description("list the VMs of an agent's host")
    .addHelpText("after", helpText(sharedCodes, ["vm list", "vm get worker-1 -o wide"]));
  for (const command of [listCommand(), getCommand()]) vm.addCommand(endOnBadUsage(command));
  return endOnBadUsage(vm);
}

function listCommand(): Command {
  const command = new Command("list")
    .alias("ls")
    .description("list VMs, ordered by name")
    .addOption(formatOption())
    .addHelpText("after", helpText(sharedCodes, ["vm list -o wide"]));
  return operatorCommand<FormatOptions>(command, async ({ agent, signal }, _, { output }) => {
    const { VMs } = await newCall(signal, (call) => agent.listVms(call));
    await printList(output, byName(VMs.map(rowOf)), columns);
    return exitCodes.done;
  });
}

function getCommand(): Command {
  const command = new Command("get")
    .description("show a VM")
    .argument("<vm>", "id or name")
    .addOption(formatOption())
    .addHelpText("after", helpText(sharedCodes, ["vm get worker-1 -o json"]));
  return operatorCommand<FormatOptions>(command, async (session, [wanted = ""], { output }) => {
    const { agent, signal } = session;
    const id = await vmIdOf(session, wanted);
    const vm = await newCall(signal, (call) => agent.getVm(id, call));
    await printItem(output, rowOf(vm), columns);
    return exitCodes.done;
  });
}
